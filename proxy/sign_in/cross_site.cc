#include "proxy/sign_in/cross_site.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "sspi_shim/base/bytes.h"
#include "sspi_shim/base/text.h"

namespace stead::proxy {
namespace {

bool is_one_of(const std::vector<std::string>& origins, std::string_view origin) {
  return std::any_of(origins.begin(), origins.end(),
                     [&](const std::string& known) { return equal_ignoring_case(known, origin); });
}

}  // namespace

std::string own_origin(const RequestView& request) {
  std::string_view authority = request.authority;
  const std::string_view own_port = request.tls ? ":443" : ":80";
  if (authority.ends_with(own_port)) authority.remove_suffix(own_port.size());
  return std::string(request.tls ? "https://" : "http://") + std::string(authority);
}

bool is_safe(const RequestView& request) {
  const bool reads =
      request.method == "GET" || request.method == "HEAD" || request.method == "OPTIONS" || request.method == "TRACE";
  return reads && !request.upgrades;
}

bool is_same_origin(const RequestView& request) {
  if (!request.origin.empty()) return equal_ignoring_case(request.origin, own_origin(request));
  return request.sec_fetch_site.empty() || request.sec_fetch_site == "same-origin" || request.sec_fetch_site == "none";
}

bool is_forbidden_cross_site(const RequestView& request, const std::vector<std::string>& allowed) {
  if (is_safe(request)) return false;
  // A page cannot set Sec-Fetch-Site, and the browser knows its own address better than we do behind a TLS terminator.
  if (request.sec_fetch_site == "same-origin" || request.sec_fetch_site == "none") return false;
  if (request.origin.empty()) return !request.sec_fetch_site.empty();
  if (is_one_of(allowed, request.origin)) return false;
  return !request.sec_fetch_site.empty() || !equal_ignoring_case(request.origin, own_origin(request));
}

}  // namespace stead::proxy
