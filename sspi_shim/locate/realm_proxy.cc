#include "sspi_shim/locate/realm_proxy.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>

#include "sspi_shim/base/bytes.h"
#include "sspi_shim/protocol/types/types.h"

namespace stead {

namespace {
bool is_address(const std::string& host) {
  Error error;
  boost::asio::ip::make_address(host, error);
  return !error;
}
}  // namespace

Result<KdcProxyUrl> parse_kdc_proxy_url(std::string_view url) {
  constexpr std::string_view scheme = "https://";
  const Error bad = make_error_code(WireErrc::bad_value);
  if (url.size() <= scheme.size() || !equal_ignoring_case(url.substr(0, scheme.size()), scheme)) return bad;
  url.remove_prefix(scheme.size());
  for (const char c : url) {
    if (c <= ' ' || c > '~' || c == '#' || c == '@' || c == '\\') return bad;
  }
  KdcProxyUrl out;
  const auto slash = std::min(url.find('/'), url.size());
  std::string_view authority = url.substr(0, slash);
  if (slash < url.size()) out.path = url.substr(slash);
  std::string_view port;
  bool has_port = false;
  if (authority.starts_with('[')) {
    const auto close = authority.find(']');
    if (close == std::string_view::npos) return bad;
    out.host = authority.substr(1, close - 1);
    authority.remove_prefix(close + 1);
    has_port = !authority.empty();
    if (has_port && authority.front() != ':') return bad;
    if (has_port) port = authority.substr(1);
    if (!is_address(out.host)) return bad;
  } else {
    const auto colon = authority.find(':');
    has_port = colon != std::string_view::npos;
    out.host = authority.substr(0, std::min(colon, authority.size()));
    if (has_port) port = authority.substr(colon + 1);
  }
  if (out.host.empty() || (out.host.find_first_of(":?") != std::string::npos && !is_address(out.host))) return bad;
  if (has_port) {
    if (port.empty() || port.size() > 5 || port.find_first_not_of("0123456789") != std::string_view::npos) return bad;
    const int number = std::stoi(std::string(port));
    if (number < 1 || number > 65535) return bad;
    out.port = std::to_string(number);
  }
  return out;
}

const KdcProxy* kdc_proxy_of(const LocatorOptions& options, const std::string& realm) {
  const auto found = options.kdc_proxies.find(to_upper(realm));
  if (found != options.kdc_proxies.end()) return &found->second;
  if (!options.kdc_proxy || options.realms.contains(to_upper(realm))) return nullptr;
  return &*options.kdc_proxy;
}

ControllerAddress controller_behind(const KdcProxy& proxy) {
  const auto url = parse_kdc_proxy_url(proxy.url);
  ControllerAddress out;
  out.name = url ? url->host : proxy.url;
  out.kerberos_port = static_cast<std::uint16_t>(url ? std::stoi(url->port) : 443);
  out.ldap_port = 0;
  return out;
}

}  // namespace stead
