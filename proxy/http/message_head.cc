#include "proxy/http/message_head.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/http/octets.h"
#include "proxy/http/text_rules.h"
#include "sspi_shim/base/bytes.h"
#include "sspi_shim/base/text.h"

namespace stead::proxy {
namespace {

constexpr std::size_t kMaxFields = 200;

// Takes the next line, without its CR LF, from `rest`; false if there is none.
bool next_line(std::string_view& rest, std::string_view& line) {
  const std::size_t end = rest.find("\r\n");
  if (end == std::string_view::npos) return false;
  line = rest.substr(0, end);
  rest.remove_prefix(end + 2);
  return true;
}

Field split(std::string_view line) {
  const std::size_t colon = line.find(':');
  return {line.substr(0, colon), trim_blanks(line.substr(colon + 1))};
}

// Digits only, and few enough not to overflow; false otherwise.
bool parse_length(std::string_view text, std::uint64_t& out) {
  if (text.empty() || text.size() > 18) return false;
  out = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
    out = out * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return true;
}

// Clears `head` but keeps the memory of its fields.
template <class Head>
void reset(Head& head) {
  std::vector<Field> fields = std::move(head.fields);
  fields.clear();
  head = Head{};
  head.fields = std::move(fields);
}

// The fields that decide how a connection goes on.
struct ConnectionOptions {
  bool close = false, keep_alive = false, upgrade = false;
  std::size_t elements = 0;
  void note(std::string_view value) {
    elements += count_list_elements(value);
    close = close || list_has(value, "close");
    keep_alive = keep_alive || list_has(value, "keep-alive");
    upgrade = upgrade || list_has(value, "upgrade");
  }
};

enum class KnownField {
  none,
  te,
  host,
  cookie,
  accept,
  origin,
  expect,
  upgrade,
  connection,
  content_type,
  authorization,
  content_length,
  sec_fetch_site,
  transfer_encoding
};

// The length of the name leaves at most four candidates.
KnownField known_field(std::string_view name) {
  const auto is = [name](std::string_view other) { return equal_ignoring_case(name, other); };
  switch (name.size()) {
    case 2:
      return is("te") ? KnownField::te : KnownField::none;
    case 4:
      return is("host") ? KnownField::host : KnownField::none;
    case 6:
      if (is("cookie")) return KnownField::cookie;
      if (is("accept")) return KnownField::accept;
      if (is("origin")) return KnownField::origin;
      return is("expect") ? KnownField::expect : KnownField::none;
    case 7:
      return is("upgrade") ? KnownField::upgrade : KnownField::none;
    case 10:
      return is("connection") ? KnownField::connection : KnownField::none;
    case 12:
      return is("content-type") ? KnownField::content_type : KnownField::none;
    case 13:
      return is("authorization") ? KnownField::authorization : KnownField::none;
    case 14:
      if (is("content-length")) return KnownField::content_length;
      return is("sec-fetch-site") ? KnownField::sec_fetch_site : KnownField::none;
    case 17:
      return is("transfer-encoding") ? KnownField::transfer_encoding : KnownField::none;
    default:
      return KnownField::none;
  }
}

void note_request_field(const Field& field, RequestHead& out, ConnectionOptions& connection) {
  switch (known_field(field.name)) {
    case KnownField::none:
      break;
    case KnownField::te:
      out.wants_trailers = !out.http_1_0 && (out.wants_trailers || list_has(field.value, "trailers"));
      break;
    case KnownField::host:
      out.host = field.value;
      break;
    case KnownField::cookie:
      if (out.cookie.data() != nullptr)
        out.several_cookies = true;
      else
        out.cookie = field.value;
      break;
    case KnownField::accept:
      if (out.accept.empty()) out.accept = field.value;
      break;
    case KnownField::origin:
      out.origin = field.value;
      break;
    case KnownField::expect:
      out.expects_continue = !out.http_1_0;
      break;
    case KnownField::upgrade:
      out.upgrade = field.value;
      break;
    case KnownField::connection:
      connection.note(field.value);
      break;
    case KnownField::content_type:
      out.content_type = field.value;
      break;
    case KnownField::authorization:
      out.several_authorizations = out.authorization.data() != nullptr;
      out.authorization = field.value;
      break;
    case KnownField::content_length:
      if (!parse_length(field.value, out.content_length)) break;
      out.has_length = true;
      out.framing = out.content_length == 0 ? Framing::none : Framing::length;
      break;
    case KnownField::sec_fetch_site:
      out.sec_fetch_site = field.value;
      break;
    case KnownField::transfer_encoding:
      out.framing = Framing::chunked;
      break;
  }
}

// Returns what is wrong with the status line; empty: nothing.
std::string_view parse_status_line(std::string_view line, ResponseHead& out) {
  if (line.size() < 12 || (!line.starts_with("HTTP/1.1 ") && !line.starts_with("HTTP/1.0 ")))
    return "the status line is not HTTP/1.1's";
  out.http_1_0 = line[7] == '0';
  if (!is_digits(line.substr(9, 3))) return "the status is not three digits";
  out.status = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
  if (out.status < 100 || out.status > 599 || (line.size() > 12 && line[12] != ' ')) return "the status is not one";
  out.reason = line.size() > 13 ? line.substr(13) : std::string_view{};
  return has_control(out.reason) ? "a control character in the reason" : std::string_view{};
}

// A list of codings (RFC 9112 §6.1), of which this proxy knows one.
std::string_view transfer_coding_fault(std::string_view value, const ResponseHead& head, bool chunked_before) {
  if (head.http_1_0) return "a Transfer-Encoding in HTTP/1.0";
  if (equal_ignoring_case(value, "chunked"))
    return chunked_before ? "chunked twice in Transfer-Encoding" : std::string_view{};
  const std::size_t comma = value.find(',');
  const bool twice = comma != std::string_view::npos && list_has(value.substr(0, comma), "chunked") &&
                     list_has(value.substr(comma + 1), "chunked");
  return twice ? "chunked twice in Transfer-Encoding" : "a Transfer-Encoding other than chunked";
}

struct ResponseFraming {
  bool has_length = false, chunked = false;
};

// Returns what is wrong with the field; empty: nothing.
std::string_view note_response_field(const Field& field, ResponseHead& out, ResponseFraming& framing,
                                     ConnectionOptions& connection) {
  switch (known_field(field.name)) {
    case KnownField::content_length: {
      std::uint64_t length = 0;
      if (!parse_length(field.value, length)) return "the Content-Length is not a number";
      if (framing.has_length && length != out.content_length) return "two Content-Lengths that differ";
      framing.has_length = true;
      out.content_length = length;
      return {};
    }
    case KnownField::transfer_encoding: {
      const std::string_view fault = transfer_coding_fault(field.value, out, framing.chunked);
      framing.chunked = true;
      return fault;
    }
    case KnownField::connection:
      connection.note(field.value);
      return connection.elements > kMaxConnectionTokens ? "too many elements in Connection" : std::string_view{};
    default:
      return {};
  }
}

Framing framing_of(const ResponseHead& head, const ResponseFraming& framing, AnswerTo request) {
  if (request == AnswerTo::head || head.status < 200 || head.status == 204 || head.status == 304) return Framing::none;
  if (framing.chunked) return Framing::chunked;
  if (!framing.has_length) return Framing::until_close;
  return head.content_length == 0 ? Framing::none : Framing::length;
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

void parse_request_head(std::string_view head, RequestHead& out) {
  reset(out);
  std::string_view line;
  if (!next_line(head, line)) return;
  const std::size_t first = line.find(' '), last = line.rfind(' ');
  out.method = line.substr(0, first);
  out.target = line.substr(first + 1, last - first - 1);
  out.http_1_0 = line.ends_with("1.0");
  ConnectionOptions connection;
  while (next_line(head, line) && !line.empty()) {
    const Field field = split(line);
    out.fields.push_back(field);
    note_request_field(field, out, connection);
  }
  out.keep_alive = !connection.close && (!out.http_1_0 || connection.keep_alive);
  // An upgrade to h2c is not passed on: the proxy could not see the requests that follow.
  out.wants_upgrade = connection.upgrade && !out.upgrade.empty() && !out.http_1_0 && !list_has(out.upgrade, "h2c");
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

std::string_view parse_response_head(std::string_view head, AnswerTo request, ResponseHead& out) {
  reset(out);
  std::string_view line;
  if (!next_line(head, line)) return "no status line";
  if (const std::string_view wrong = parse_status_line(line, out); !wrong.empty()) return wrong;
  ResponseFraming framing;
  ConnectionOptions connection;
  while (next_line(head, line) && !line.empty()) {
    if (has_control(line)) return "a control character in a header";
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return "a header line without a colon";
    const Field field{trim_end(line.substr(0, colon)), trim_blanks(line.substr(colon + 1))};
    if (!is_token(field.name)) return "a header line without a name";
    if (out.fields.size() == kMaxFields) return "too many headers";
    out.fields.push_back(field);
    if (const std::string_view wrong = note_response_field(field, out, framing, connection); !wrong.empty())
      return wrong;
  }
  if (framing.chunked && framing.has_length) return "both Content-Length and Transfer-Encoding";
  out.framing = framing_of(out, framing, request);
  out.keep_alive = !connection.close && (!out.http_1_0 || connection.keep_alive) && out.framing != Framing::until_close;
  return {};
}

}  // namespace stead::proxy
