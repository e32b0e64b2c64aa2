#include "proxy/http/request_line.h"

#include <cstddef>
#include <optional>
#include <string_view>

#include "proxy/http/target.h"
#include "proxy/http/text_rules.h"
#include "sspi_shim/base/bytes.h"
#include "sspi_shim/base/hex.h"
#include "sspi_shim/base/text.h"

namespace stead::proxy {
namespace {

constexpr std::size_t kMaxTarget = 32 * 1024, kMaxMethod = 32;

// "." or "..", each dot plain or as %2e. Path parameters (";...") are cut off first, as some back ends do.
bool is_dot_segment(std::string_view text) {
  text = text.substr(0, text.find(';'));
  int dots = 0;
  while (!text.empty()) {
    if (text.front() == '.')
      text.remove_prefix(1);
    else if (text.size() >= 3 && text[0] == '%' && text[1] == '2' && (text[2] == 'e' || text[2] == 'E'))
      text.remove_prefix(3);
    else
      return false;
    ++dots;
  }
  return dots == 1 || dots == 2;
}

// `rest` begins with '%'.
std::optional<Violation> check_escape(std::string_view rest) {
  if (rest.size() < 3 || hex_digit(rest[1]) < 0 || hex_digit(rest[2]) < 0)
    return Violation{400, "a '%' in the path is not followed by two hexadecimal digits"};
  const int octet = hex_digit(rest[1]) << 4 | hex_digit(rest[2]);
  if (octet == '/' || octet == '\\') return Violation{400, "an encoded slash or backslash in the path"};
  if (octet < 0x20 || octet == 0x7f) return Violation{400, "an encoded control character in the path"};
  return std::nullopt;
}

std::optional<Violation> check_path(std::string_view path) {
  std::size_t segment = 1;  // start of the current segment
  for (std::size_t i = 0; i <= path.size(); ++i) {
    if (i == path.size() || path[i] == '/') {
      if (i >= segment && is_dot_segment(path.substr(segment, i - segment)))
        return Violation{400, "a '.' or '..' segment in the path"};
      segment = i + 1;
    } else if (path[i] == '%') {
      if (auto wrong = check_escape(path.substr(i))) return wrong;
    } else if (path[i] == '\\') {
      return Violation{400, "a backslash in the path"};
    }
  }
  return std::nullopt;
}

std::optional<Violation> check_version(std::string_view version, RequestLine& out) {
  if (version.size() != 8 || version.substr(0, 5) != "HTTP/" || !is_digits(version.substr(5, 1)) || version[6] != '.' ||
      !is_digits(version.substr(7)))
    return Violation{400, "the version is not of the form HTTP/1.1"};
  if (version[5] != '1' || (version[7] != '0' && version[7] != '1'))
    return Violation{505, "only HTTP/1.1 and HTTP/1.0 are supported"};
  out.http_1_0 = version[7] == '0';
  return std::nullopt;
}

std::optional<Violation> check_target(RequestLine& out) {
  if (out.target.empty()) return Violation{400, "the target is empty"};
  if (out.target.size() > kMaxTarget) return Violation{414, "the target is too long"};
  for (const char c : out.target) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet <= 0x20 || octet >= 0x7f || c == '#' || c == '"' || c == '<' || c == '>')
      return Violation{400, "a character in the target that must be encoded"};
  }
  if (out.target == "*")
    return out.method == "OPTIONS" ? std::nullopt
                                   : std::optional(Violation{400, "the target '*' goes with OPTIONS only"});
  std::string_view path = out.target;
  if (path.front() != '/') {
    const std::size_t scheme_end = path.find("://");
    if (scheme_end == std::string_view::npos) return Violation{400, "the target is neither a path nor an absolute URL"};
    if (!equal_ignoring_case(path.substr(0, scheme_end), "http") &&
        !equal_ignoring_case(path.substr(0, scheme_end), "https"))
      return Violation{400, "the target's scheme is neither http nor https"};
    const OriginForm parts = origin_form_of(path);
    if (!is_authority(parts.authority)) return Violation{400, "the target's host is not well formed"};
    out.authority = parts.authority;
    path = parts.path_and_query;
  }
  return check_path(path.substr(0, path.find('?')));
}

}  // namespace

std::optional<Violation> check_request_line(std::string_view line, RequestLine& out) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last)
    return Violation{400, "the request line is not 'METHOD TARGET VERSION'"};
  out.method = line.substr(0, first);
  out.target = line.substr(first + 1, last - first - 1);
  if (!is_token(out.method) || out.method.size() > kMaxMethod) return Violation{400, "the method is not a token"};
  if (auto wrong = check_version(line.substr(last + 1), out)) return wrong;
  if (out.method == "CONNECT") return Violation{501, "CONNECT is not supported"};
  if (out.method == "TRACE") return Violation{501, "TRACE is not supported"};
  return check_target(out);
}

}  // namespace stead::proxy
