#include "proxy/http/request_rules.h"

#include <algorithm>
#include <array>

#include "proxy/http/octets.h"
#include "sspi_shim/base/bytes.h"

namespace stead::proxy {
namespace {

constexpr std::size_t kMaxFields = 200, kMaxTarget = 32 * 1024, kMaxMethod = 32;

constexpr std::array<bool, 256> make_token_table() {
  std::array<bool, 256> table{};
  for (const char c : std::string_view("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    table[static_cast<unsigned char>(c)] = true;
  return table;
}
constexpr std::array<bool, 256> kToken = make_token_table();

bool is_token(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return kToken[static_cast<unsigned char>(c)]; });
}
bool is_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}
std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}
int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// reg-name, IPv4 or [IPv6], with an optional port (RFC 3986 §3.2.2), narrowed to what DNS names and addresses use.
bool is_authority(std::string_view text) {
  if (text.empty()) return false;
  std::string_view port;
  if (text.front() == '[') {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos || close < 2) return false;
    for (const char c : text.substr(1, close - 1))
      if (hex_digit(c) < 0 && c != ':' && c != '.') return false;
    port = text.substr(close + 1);
  } else {
    const std::size_t colon = text.find(':');
    const std::string_view name = text.substr(0, colon);
    if (name.empty() || name.size() > 255) return false;
    for (const char c : name)
      if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
            c == '_'))
        return false;
    if (colon != std::string_view::npos) port = text.substr(colon);
  }
  if (port.empty()) return true;
  return port.front() == ':' && (port.size() == 1 || (is_digits(port.substr(1)) && port.size() <= 6));
}

std::optional<Violation> check_path(std::string_view path) {
  std::size_t segment = 1;  // start of the current segment
  for (std::size_t i = 0; i <= path.size(); ++i) {
    if (i < path.size() && path[i] == '%') {
      if (path.size() - i < 3 || hex_digit(path[i + 1]) < 0 || hex_digit(path[i + 2]) < 0)
        return Violation{400, "a '%' in the path is not followed by two hexadecimal digits"};
      const int octet = hex_digit(path[i + 1]) << 4 | hex_digit(path[i + 2]);
      if (octet == '/' || octet == '\\') return Violation{400, "an encoded slash or backslash in the path"};
      if (octet < 0x20 || octet == 0x7f) return Violation{400, "an encoded control character in the path"};
    }
    if (i < path.size() && path[i] == '\\') return Violation{400, "a backslash in the path"};
    if (i == path.size() || path[i] == '/') {
      if (i >= segment) {
        // A segment of dots, each plain or as %2e, with path parameters (";…") cut off as some back ends do.
        std::string_view text = path.substr(segment, i - segment);
        text = text.substr(0, text.find(';'));
        int dots = 0;
        while (!text.empty()) {
          if (text.front() == '.')
            text.remove_prefix(1);
          else if (text.size() >= 3 && text[0] == '%' && text[1] == '2' && (text[2] == 'e' || text[2] == 'E'))
            text.remove_prefix(3);
          else
            break;
          ++dots;
        }
        if (text.empty() && (dots == 1 || dots == 2)) return Violation{400, "a '.' or '..' segment in the path"};
      }
      segment = i + 1;
    }
  }
  return std::nullopt;
}

struct RequestLine {
  std::string_view method, target, authority;  // authority: of an absolute-form target
  bool http_1_0 = false;
};

std::optional<Violation> check_request_line(std::string_view line, RequestLine& out) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last)
    return Violation{400, "the request line is not 'METHOD TARGET VERSION'"};
  out.method = line.substr(0, first);
  out.target = line.substr(first + 1, last - first - 1);
  const std::string_view version = line.substr(last + 1);
  if (!is_token(out.method) || out.method.size() > kMaxMethod) return Violation{400, "the method is not a token"};
  if (version.size() != 8 || version.substr(0, 5) != "HTTP/" || !is_digits(version.substr(5, 1)) || version[6] != '.' ||
      !is_digits(version.substr(7)))
    return Violation{400, "the version is not of the form HTTP/1.1"};
  if (version[5] != '1') return Violation{505, "only HTTP/1.1 and HTTP/1.0 are spoken here"};
  if (version[7] != '0' && version[7] != '1') return Violation{505, "only HTTP/1.1 and HTTP/1.0 are spoken here"};
  out.http_1_0 = version[7] == '0';
  if (out.method == "CONNECT") return Violation{501, "CONNECT is not served here"};
  if (out.method == "TRACE") return Violation{501, "TRACE is not served here"};
  if (out.target.empty() || out.target.size() > kMaxTarget)
    return Violation{out.target.empty() ? 400 : 414, "the target is empty or too long"};
  for (const char c : out.target) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet <= 0x20 || octet >= 0x7f || c == '#' || c == '"' || c == '<' || c == '>')
      return Violation{400, "a character in the target that must be encoded"};
  }
  if (out.target == "*") {
    if (out.method != "OPTIONS") return Violation{400, "the target '*' goes with OPTIONS only"};
    return std::nullopt;
  }
  std::string_view path = out.target;
  if (path.front() != '/') {
    const std::size_t scheme_end = path.find("://");
    if (scheme_end == std::string_view::npos) return Violation{400, "the target is neither a path nor an absolute URL"};
    if (!equal_ignoring_case(path.substr(0, scheme_end), "http") &&
        !equal_ignoring_case(path.substr(0, scheme_end), "https"))
      return Violation{400, "the target's scheme is neither http nor https"};
    path.remove_prefix(scheme_end + 3);
    const std::size_t end = std::min(path.find_first_of("/?"), path.size());
    out.authority = path.substr(0, end);
    path.remove_prefix(end);
    if (!is_authority(out.authority)) return Violation{400, "the target's host is not well formed"};
  }
  return check_path(path.substr(0, path.find('?')));
}

// A header that a back end may take for one that frames or routes the message, when '_' and '-' are the same to it
// (CGI, WSGI and their kind). Identity headers spelled so are dropped with the others (headers.h).
bool is_dangerous_underscore(std::string_view name) {
  if (name.find('_') == std::string_view::npos) return false;
  std::string folded = to_lower(name);
  std::replace(folded.begin(), folded.end(), '_', '-');
  constexpr std::string_view kFraming[] = {"content-length", "transfer-encoding"};
  return std::any_of(std::begin(kFraming), std::end(kFraming),
                     [&](std::string_view framing) { return folded == framing; });
}

}  // namespace

std::size_t end_of_head(std::string_view bytes, std::size_t from) {
  // The blank line may have begun in what was looked at before.
  const std::size_t at = bytes.find("\r\n\r\n", from < 3 ? 0 : from - 3);
  return at == std::string_view::npos ? at : at + 4;
}

std::optional<Violation> check_request_head(std::string_view head) {
  if (!head.ends_with("\r\n\r\n")) return Violation{400, "the head has no end"};
  head.remove_suffix(2);  // each line now ends with CRLF, the blank one is gone
  RequestLine request;
  std::string_view host, length, encoding;
  bool first = true, has_host = false, has_length = false, has_encoding = false;
  std::size_t fields = 0;
  while (!head.empty()) {
    const std::size_t end = head.find("\r\n");
    if (end == std::string_view::npos) return Violation{400, "a line does not end with CR LF"};
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(end + 2);
    if (has_control(line)) return Violation{400, "a control character in the head"};
    if (first) {
      first = false;
      if (auto wrong = check_request_line(line, request)) return wrong;
      continue;
    }
    if (line.empty()) return Violation{400, "a blank line inside the head"};
    if (line.front() == ' ' || line.front() == '\t') return Violation{400, "a folded header line"};
    if (++fields > kMaxFields) return Violation{431, "too many header fields"};
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return Violation{400, "a header line without a colon"};
    const std::string_view name = line.substr(0, colon);
    if (!is_token(name)) return Violation{400, "a header name that is not a token"};
    const std::string_view value = trim(line.substr(colon + 1));
    if (is_dangerous_underscore(name))
      return Violation{400, "a header name with an underscore that could pass for another header"};
    if (name.size() == 4 && equal_ignoring_case(name, "host")) {
      if (has_host) return Violation{400, "more than one Host"};
      has_host = true;
      host = value;
    } else if (name.size() == 14 && equal_ignoring_case(name, "content-length")) {
      if (has_length) return Violation{400, "more than one Content-Length"};
      has_length = true;
      length = value;
    } else if (name.size() == 17 && equal_ignoring_case(name, "transfer-encoding")) {
      if (has_encoding) return Violation{400, "more than one Transfer-Encoding"};
      has_encoding = true;
      encoding = value;
    } else if (name.size() == 6 && equal_ignoring_case(name, "expect") && !equal_ignoring_case(value, "100-continue")) {
      return Violation{417, "an expectation other than 100-continue"};
    }
  }
  if (first) return Violation{400, "an empty request"};
  if (!has_host && !request.http_1_0) return Violation{400, "no Host"};
  if (has_host && !is_authority(host)) return Violation{400, "the Host is not well formed"};
  if (!request.authority.empty() && has_host && !equal_ignoring_case(request.authority, host))
    return Violation{400, "the target's host is not the Host"};
  if (has_length && (!is_digits(length) || length.size() > 18))
    return Violation{400, "the Content-Length is not a number"};
  if (has_encoding) {
    if (has_length) return Violation{400, "both Content-Length and Transfer-Encoding"};
    if (request.http_1_0) return Violation{400, "Transfer-Encoding in HTTP/1.0"};
    if (!equal_ignoring_case(encoding, "chunked"))
      return Violation{encoding.empty() ? 400 : 501, "a Transfer-Encoding other than chunked"};
  }
  return std::nullopt;
}

}  // namespace stead::proxy
