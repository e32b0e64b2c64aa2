#include "proxy/http/message_head.h"

#include <algorithm>
#include <array>

#include "proxy/http/octets.h"
#include "sspi_shim/base/bytes.h"

namespace stead::proxy {
namespace {

constexpr std::size_t kMaxFields = 200;

constexpr std::array<bool, 256> make_token_table() {
  std::array<bool, 256> table{};
  for (const char c : std::string_view("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    table[static_cast<unsigned char>(c)] = true;
  return table;
}
constexpr std::array<bool, 256> kToken = make_token_table();

// The next line without its CR LF; false where there is none.
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

// Digits alone, few enough not to overflow; false otherwise.
bool parse_length(std::string_view text, std::uint64_t& out) {
  if (text.empty() || text.size() > 18) return false;
  out = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
    out = out * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return true;
}

}  // namespace

bool is_token(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return kToken[static_cast<unsigned char>(c)]; });
}

std::string_view trim_blanks(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
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
  std::vector<Field> fields = std::move(out.fields);
  fields.clear();
  out = RequestHead{};
  out.fields = std::move(fields);
  std::string_view line;
  if (!next_line(head, line)) return;
  const std::size_t first = line.find(' '), last = line.rfind(' ');
  out.method = line.substr(0, first);
  out.target = line.substr(first + 1, last - first - 1);
  out.http_1_0 = line.ends_with("1.0");
  out.keep_alive = !out.http_1_0;
  bool close = false, asked_upgrade = false;
  while (next_line(head, line) && !line.empty()) {
    const Field field = split(line);
    out.fields.push_back(field);
    switch (field.name.size()) {
      case 4:
        if (equal_ignoring_case(field.name, "host")) out.host = field.value;
        break;
      case 6:
        if (equal_ignoring_case(field.name, "cookie")) {
          if (out.cookie.data() != nullptr)
            out.several_cookies = true;
          else
            out.cookie = field.value;
        } else if (equal_ignoring_case(field.name, "accept")) {
          if (out.accept.empty()) out.accept = field.value;
        } else if (equal_ignoring_case(field.name, "origin")) {
          out.origin = field.value;
        } else if (equal_ignoring_case(field.name, "expect")) {
          out.expects_continue = !out.http_1_0;
        }
        break;
      case 7:
        if (equal_ignoring_case(field.name, "upgrade")) out.upgrade = field.value;
        break;
      case 10:
        if (equal_ignoring_case(field.name, "connection")) {
          if (list_has(field.value, "close")) close = true;
          if (list_has(field.value, "keep-alive")) out.keep_alive = true;
          if (list_has(field.value, "upgrade")) asked_upgrade = true;
        }
        break;
      case 12:
        if (equal_ignoring_case(field.name, "content-type")) out.content_type = field.value;
        break;
      case 13:
        if (equal_ignoring_case(field.name, "authorization")) {
          if (out.authorization.data() != nullptr) out.several_authorizations = true;
          out.authorization = field.value;
        }
        break;
      case 14:
        if (equal_ignoring_case(field.name, "content-length") && parse_length(field.value, out.content_length)) {
          out.has_length = true;
          out.framing = out.content_length == 0 ? Framing::none : Framing::length;
        } else if (equal_ignoring_case(field.name, "sec-fetch-site")) {
          out.sec_fetch_site = field.value;
        }
        break;
      case 17:
        if (equal_ignoring_case(field.name, "transfer-encoding")) out.framing = Framing::chunked;
        break;
      default:
        break;
    }
  }
  if (close) out.keep_alive = false;
  // h2c would take the connection out of our sight.
  out.wants_upgrade = asked_upgrade && !out.upgrade.empty() && !out.http_1_0 && out.framing == Framing::none &&
                      out.method == "GET" && !list_has(out.upgrade, "h2c");
}

std::string_view parse_response_head(std::string_view head, bool to_head, ResponseHead& out) {
  std::vector<Field> fields = std::move(out.fields);
  fields.clear();
  out = ResponseHead{};
  out.fields = std::move(fields);
  std::string_view line;
  if (!next_line(head, line)) return "no status line";
  if (line.size() < 12 || (!line.starts_with("HTTP/1.1 ") && !line.starts_with("HTTP/1.0 ")))
    return "the status line is not HTTP/1.1's";
  out.http_1_0 = line[7] == '0';
  for (const char c : line.substr(9, 3))
    if (c < '0' || c > '9') return "the status is not three digits";
  out.status = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
  if (out.status < 100 || out.status > 599 || (line.size() > 12 && line[12] != ' ')) return "the status is not one";
  out.reason = line.size() > 13 ? line.substr(13) : std::string_view{};
  if (has_control(out.reason)) return "a control character in the reason";
  out.keep_alive = !out.http_1_0;
  bool has_length = false, chunked = false, close = false;
  while (next_line(head, line) && !line.empty()) {
    if (has_control(line)) return "a control character in a header";
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) return "a header line without a name";
    if (out.fields.size() == kMaxFields) return "too many headers";
    const Field field = split(line);
    out.fields.push_back(field);
    if (field.name.size() == 14 && equal_ignoring_case(field.name, "content-length")) {
      std::uint64_t length = 0;
      if (!parse_length(field.value, length)) return "the Content-Length is not a number";
      if (has_length && length != out.content_length) return "two Content-Lengths that differ";
      has_length = true;
      out.content_length = length;
    } else if (field.name.size() == 17 && equal_ignoring_case(field.name, "transfer-encoding")) {
      if (chunked || out.http_1_0 || !equal_ignoring_case(field.value, "chunked"))
        return "a Transfer-Encoding other than chunked";
      chunked = true;
    } else if (field.name.size() == 10 && equal_ignoring_case(field.name, "connection")) {
      if (list_has(field.value, "close")) close = true;
      if (list_has(field.value, "keep-alive")) out.keep_alive = true;
    }
  }
  if (chunked && has_length) return "both Content-Length and Transfer-Encoding";
  if (close) out.keep_alive = false;
  if (to_head || out.status < 200 || out.status == 204 || out.status == 304)
    out.framing = Framing::none;
  else if (chunked)
    out.framing = Framing::chunked;
  else if (has_length)
    out.framing = out.content_length == 0 ? Framing::none : Framing::length;
  else
    out.framing = Framing::until_close;
  if (out.framing == Framing::until_close) out.keep_alive = false;
  return {};
}

}  // namespace stead::proxy
