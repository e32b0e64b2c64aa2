#include "proxy/config/values/upstream.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/config/values/values.h"

namespace stead::proxy {
namespace {

constexpr std::string_view kHttp = "http://", kHttps = "https://";

std::uint16_t default_port(bool tls) {
  return tls ? 443 : 80;
}

}  // namespace

std::optional<Upstream> parse_upstream(std::string_view url) {
  Upstream out;
  out.tls = url.starts_with(kHttps);
  if (!out.tls && !url.starts_with(kHttp)) return std::nullopt;
  url.remove_prefix(out.tls ? kHttps.size() : kHttp.size());
  const std::size_t slash = std::min(url.find('/'), url.size());
  std::string_view authority = url.substr(0, slash);
  out.base_path = url.substr(slash);
  while (out.base_path.ends_with('/')) out.base_path.pop_back();
  if (authority.find_first_of("@?# \t") != std::string_view::npos ||
      out.base_path.find_first_of("?# \t") != std::string::npos)
    return std::nullopt;
  out.port = default_port(out.tls);
  const std::size_t colon = authority.rfind(':');
  if (colon != std::string_view::npos && !authority.ends_with(']')) {
    const auto port = parse_integer(authority.substr(colon + 1));
    if (!port || *port < 1 || *port > 65535) return std::nullopt;
    out.port = static_cast<std::uint16_t>(*port);
    authority = authority.substr(0, colon);
  }
  const bool has_stray_colon = !authority.starts_with('[') && authority.find(':') != std::string_view::npos;
  if (authority.empty() || has_stray_colon) return std::nullopt;
  out.host = authority;
  return out;
}

std::string to_string(const Upstream& upstream) {
  std::string out(upstream.tls ? kHttps : kHttp);
  out += upstream.host;
  if (upstream.port != default_port(upstream.tls)) out += ":" + std::to_string(upstream.port);
  return out + upstream.base_path;
}

std::string bare_host(const Upstream& upstream) {
  const std::string_view host = upstream.host;
  const bool brackets = host.size() > 2 && host.front() == '[' && host.back() == ']';
  return std::string(brackets ? host.substr(1, host.size() - 2) : host);
}

}  // namespace stead::proxy
