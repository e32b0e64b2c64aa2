#include "proxy/http/message_head.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/none.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/http/beast_parser.h"
#include "proxy/http/octets.h"
#include "proxy/http/text_rules.h"
#include "sspi_shim/base/bytes.h"
#include "sspi_shim/base/text.h"

namespace stead::proxy {
namespace {

namespace http = boost::beast::http;

constexpr std::size_t kMaxFields = 200;

// Clears `head` but keeps the memory of its fields.
template <class Head>
void reset(Head& head) {
  std::vector<Field> fields = std::move(head.fields);
  fields.clear();
  head = Head{};
  head.fields = std::move(fields);
}

// The fields that decide how a connection goes on. Beast notes them too, but it obeys Proxy-Connection as well, and in
// HTTP/1.0 a keep-alive beside a close.
struct ConnectionOptions {
  bool close = false, keep_alive = false, upgrade = false;
  std::size_t elements = 0;
  void note(std::string_view value) {
    elements += count_list_elements(value);
    close = close || list_has(value, "close");
    keep_alive = keep_alive || list_has(value, "keep-alive");
    upgrade = upgrade || list_has(value, "upgrade");
  }
  [[nodiscard]] bool lets_stay(bool http_1_0) const { return !close && (!http_1_0 || keep_alive); }
};

// A parser of one whole head, whose parts stay views into the head's octets.
template <bool IsRequest>
class HeadParser : public BeastParser<IsRequest> {
 public:
  // False: Beast, or an event, refused it. error() says why.
  [[nodiscard]] bool read(std::string_view head) {
    head_ = head;
    this->header_limit(static_cast<std::uint32_t>(head.size()));
    this->body_limit(boost::none);
    const std::size_t used = this->put(boost::asio::buffer(head.data(), head.size()), error_);
    if (!error_ && used != head.size()) error_ = http::error::bad_line_ending;  // a blank line inside it
    return !error_;
  }
  [[nodiscard]] const Error& error() const { return error_; }

 protected:
  // False for a value that is folded over several lines: Beast joins them in memory of its own.
  [[nodiscard]] bool is_on_one_line(std::string_view name, std::string_view value) const {
    const char* const after_name = name.data() + name.size();
    const std::less<> before;
    return !before(value.data(), after_name) && !before(head_.data() + head_.size(), value.data()) &&
           std::string_view(after_name, static_cast<std::size_t>(value.data() - after_name)).find('\r') ==
               std::string_view::npos;
  }
  [[nodiscard]] Framing framing() const {
    if (this->is_done()) return Framing::none;
    if (this->chunked()) return Framing::chunked;
    return this->content_length() ? Framing::length : Framing::until_close;
  }
  [[nodiscard]] std::uint64_t length() const { return this->content_length().value_or(0); }

 private:
  std::string_view head_;
  Error error_;
};

class RequestParser final : public HeadParser<true> {
 public:
  explicit RequestParser(RequestHead& out) : out_(out) {}

 private:
  void on_request_impl(Verb /*verb*/, Text method, Text target, int version, Error& /*error*/) override {
    out_.method = view(method);
    out_.target = view(target);
    out_.http_1_0 = version == 10;
  }
  void on_field_impl(FieldName known, Text name, Text value, Error& error) override {
    const Field field{view(name), view(value)};
    if (!is_on_one_line(field.name, field.value)) {
      error = http::error::bad_value;
      return;
    }
    out_.fields.push_back(field);
    note(known, field.value);
    if (equal_ignoring_case(field.name, "traceparent"))
      out_.trace = ++traces_ == 1 ? parse_traceparent(field.value) : TraceContext();
  }
  void on_header_impl(Error& /*error*/) override {
    out_.framing = framing();
    out_.has_length = content_length().has_value();
    out_.content_length = length();
    out_.keep_alive = connection_.lets_stay(out_.http_1_0);
    // An upgrade to h2c is not passed on: the proxy could not see the requests that follow.
    out_.wants_upgrade =
        connection_.upgrade && !out_.upgrade.empty() && !out_.http_1_0 && !list_has(out_.upgrade, "h2c");
  }

  void note(FieldName known, std::string_view value) {
    switch (known) {
      case FieldName::te:
        out_.wants_trailers = !out_.http_1_0 && (out_.wants_trailers || list_has(value, "trailers"));
        break;
      case FieldName::host:
        out_.host = value;
        break;
      case FieldName::cookie:
        if (out_.cookie.data() != nullptr)
          out_.several_cookies = true;
        else
          out_.cookie = value;
        break;
      case FieldName::accept:
        if (out_.accept.empty()) out_.accept = value;
        break;
      case FieldName::user_agent:
        if (out_.user_agent.empty()) out_.user_agent = value;
        break;
      case FieldName::referer:
        if (out_.referer.empty()) out_.referer = value;
        break;
      case FieldName::origin:
        out_.origin = value;
        break;
      case FieldName::expect:
        out_.expects_continue = !out_.http_1_0;
        break;
      case FieldName::upgrade:
        out_.upgrade = value;
        break;
      case FieldName::connection:
        connection_.note(value);
        break;
      case FieldName::content_type:
        out_.content_type = value;
        break;
      case FieldName::authorization:
        out_.several_authorizations = out_.authorization.data() != nullptr;
        out_.authorization = value;
        break;
      case FieldName::sec_fetch_site:
        out_.sec_fetch_site = value;
        break;
      default:
        break;
    }
  }

  RequestHead& out_;
  ConnectionOptions connection_;
  int traces_ = 0;  // fields with the name traceparent
};

// A list of codings (RFC 9112 §6.1), of which this proxy knows one.
std::string_view transfer_coding_fault(std::string_view value, bool http_1_0) {
  if (http_1_0) return "a Transfer-Encoding in HTTP/1.0";
  if (equal_ignoring_case(value, "chunked")) return {};
  const std::size_t comma = value.find(',');
  const bool twice = comma != std::string_view::npos && list_has(value.substr(0, comma), "chunked") &&
                     list_has(value.substr(comma + 1), "chunked");
  return twice ? "chunked twice in Transfer-Encoding" : "a Transfer-Encoding other than chunked";
}

class ResponseParser final : public HeadParser<false> {
 public:
  ResponseParser(AnswerTo request, ResponseHead& out) : out_(out) { skip(request == AnswerTo::head); }

  // After a failure: what is wrong.
  [[nodiscard]] std::string_view fault() const {
    if (!fault_.empty()) return fault_;
    if (error() == http::error::bad_version) return "the status line is not HTTP/1.1's";
    if (error() == http::error::bad_status) return "the status is not three digits";
    if (error() == http::error::bad_reason) return "a control character in the reason";
    if (error() == http::error::bad_field) return "a header line without a name";
    if (error() == http::error::bad_value) return "a header whose value is malformed";
    if (error() == http::error::multiple_content_length) return "two Content-Lengths that differ";
    if (error() == http::error::bad_content_length)
      return has_coding_ ? "both Content-Length and Transfer-Encoding" : "the Content-Length is not a number";
    if (error() == http::error::bad_transfer_encoding)
      return has_coding_ ? "chunked twice in Transfer-Encoding" : "both Content-Length and Transfer-Encoding";
    return "a line of its head does not end with CR LF";
  }

 private:
  void on_response_impl(int status, Text reason, int version, Error& error) override {
    out_.status = status;
    out_.reason = view(reason);
    out_.http_1_0 = version == 10;
    if (status < 100 || status > 599) refuse("the status is not one", error);
  }
  void on_field_impl(FieldName known, Text name, Text value, Error& error) override {
    const Field field{view(name), view(value)};
    if (!is_on_one_line(field.name, field.value)) return refuse("a folded header line", error);
    if (out_.fields.size() == kMaxFields) return refuse("too many headers", error);
    out_.fields.push_back(field);
    switch (known) {
      case FieldName::content_length:
        // Beast takes a list of the same number, and numbers that overflow elsewhere.
        if (!is_digits(field.value) || field.value.size() > 18) refuse("the Content-Length is not a number", error);
        break;
      case FieldName::transfer_encoding:
        has_coding_ = true;
        refuse(transfer_coding_fault(field.value, out_.http_1_0), error);
        break;
      case FieldName::connection:
        connection_.note(field.value);
        if (connection_.elements > kMaxConnectionTokens) refuse("too many elements in Connection", error);
        break;
      default:
        break;
    }
  }
  void on_header_impl(Error& /*error*/) override {
    out_.framing = framing();
    out_.content_length = length();
    out_.keep_alive = connection_.lets_stay(out_.http_1_0) && out_.framing != Framing::until_close;
  }

  void refuse(std::string_view fault, Error& error) {
    if (fault.empty()) return;
    fault_ = fault;
    error = http::error::bad_value;
  }

  ResponseHead& out_;
  ConnectionOptions connection_;
  bool has_coding_ = false;
  std::string_view fault_;
};

// Takes the next line, without its CR LF, from `rest`; false if there is none.
bool next_line(std::string_view& rest, std::string_view& line) {
  const std::size_t end = rest.find("\r\n");
  if (end == std::string_view::npos) return false;
  line = rest.substr(0, end);
  rest.remove_prefix(end + 2);
  return true;
}

// Appends a list with nothing in place of the elements that are no tokens. One with a control character stays: Beast
// refuses the head for it.
void append_tokens(std::string& out, std::string_view list) {
  while (true) {
    const std::size_t comma = list.find(',');
    const std::string_view element = trim_blanks(list.substr(0, comma));
    if (is_token(element) || has_control(element)) out.append(element);
    if (comma == std::string_view::npos) return;
    out.append(",");
    list.remove_prefix(comma + 1);
  }
}

// What Beast refuses and this proxy takes from a back end, written as Beast takes it: blanks before a colon (a proxy has
// to remove them, RFC 9112 §5.1), a status line that ends behind the status, and elements of Connection and
// Proxy-Connection that are no tokens, which name nothing and are not passed on.
std::string as_beast_takes_it(std::string_view head) {
  std::string out;
  std::string_view line;
  out.reserve(head.size() + 1);
  if (next_line(head, line)) out.append(line).append(line.size() == 12 ? " \r\n" : "\r\n");
  while (next_line(head, line)) {
    const std::size_t colon = line.find(':');
    const std::string_view name = trim_end(line.substr(0, colon));
    const std::string_view rest = colon == std::string_view::npos ? std::string_view{} : line.substr(colon);
    out.append(name);
    if (!rest.empty() && (equal_ignoring_case(name, "connection") || equal_ignoring_case(name, "proxy-connection")))
      append_tokens(out.append(":"), rest.substr(1));
    else
      out.append(rest);
    out.append("\r\n");
  }
  return out;
}

}  // namespace

std::size_t count_list_elements(std::string_view list) {
  return 1 + static_cast<std::size_t>(std::count(list.begin(), list.end(), ','));
}

bool list_has(std::string_view list, std::string_view token) {
  while (true) {
    const std::size_t comma = list.find(',');
    if (equal_ignoring_case(trim_blanks(list.substr(0, comma)), token)) return true;
    if (comma == std::string_view::npos) return false;
    list.remove_prefix(comma + 1);
  }
}

bool RequestHead::is_idempotent() const {
  return method == "GET" || method == "HEAD" || method == "OPTIONS" || method == "PUT" || method == "DELETE";
}

void RequestHead::clear() {
  reset(*this);
}

bool parse_request_head(std::string_view head, RequestHead& out) {
  reset(out);
  return RequestParser(out).read(head);
}

std::string_view parse_response_head(std::string& head, AnswerTo request, ResponseHead& out) {
  reset(out);
  ResponseParser parser(request, out);
  if (parser.read(head)) return {};
  std::string mended = as_beast_takes_it(head);
  if (mended == head) return parser.fault();
  head = std::move(mended);
  reset(out);
  ResponseParser again(request, out);
  return again.read(head) ? std::string_view{} : again.fault();
}

std::string_view check_partial_response_head(std::string_view bytes, std::size_t from) {
  constexpr std::string_view kBegin = "HTTP/1.";
  if (from < kBegin.size() && bytes.substr(0, kBegin.size()) != kBegin.substr(0, bytes.size()))
    return "it does not begin as HTTP/1.1";
  for (std::size_t i = from > 0 ? from - 1 : 0; i < bytes.size(); ++i) {
    const char c = bytes[i];
    if (c == '\n' && (i == 0 || bytes[i - 1] != '\r')) return "a line of its head ends with LF alone";
    if (c == '\r' && i + 1 < bytes.size() && bytes[i + 1] != '\n') return "a CR without LF in its head";
    if (c != '\r' && c != '\n' && has_control({&c, 1})) return "a control character in its head";
  }
  return {};
}

}  // namespace stead::proxy
