#include "proxy/http/request_line.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>

#include "proxy/http/octets.h"
#include "proxy/http/policy_path.h"
#include "proxy/http/target.h"
#include "proxy/http/text_rules.h"
#include "sspi_shim/base/bytes.h"
#include "sspi_shim/base/hex.h"
#include "sspi_shim/base/text.h"

namespace stead::proxy {
namespace {

constexpr std::size_t kMaxTarget = 32 * 1024, kMaxMethod = 32;

bool is_target_octet(unsigned char octet) {
  return octet > 0x20 && octet < 0x7f && octet != '#' && octet != '"' && octet != '<' && octet != '>';
}

// Browsers and libraries send UTF-8 in queries as it is.
std::optional<Violation> check_query(std::string_view query) {
  while (!query.empty()) {
    const std::size_t size = utf8_character_size(query);
    if (size == 0) return Violation{400, "octets in the query that are not UTF-8"};
    if (size == 1 && !is_target_octet(static_cast<unsigned char>(query.front())))
      return Violation{400, "a character in the target that must be encoded"};
    query.remove_prefix(size);
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
  const std::size_t query = std::min(out.target.find('?'), out.target.size());
  for (const char c : out.target.substr(0, query))
    if (!is_target_octet(static_cast<unsigned char>(c)))
      return Violation{400, "a character in the target that must be encoded"};
  if (auto wrong = check_query(out.target.substr(query))) return wrong;
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
  const std::string_view fault = fault_of_path(path.substr(0, path.find('?')));
  return fault.empty() ? std::nullopt : std::optional(Violation{400, fault});
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
