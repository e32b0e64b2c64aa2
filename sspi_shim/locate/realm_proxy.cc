#include "sspi_shim/locate/realm_proxy.h"

#include <cstdint>
#include <string>
#include <string_view>

#include "sspi_shim/base/http_url.h"
#include "sspi_shim/base/text.h"
#include "sspi_shim/protocol/types/types.h"

namespace stead {

Result<KdcProxyUrl> parse_kdc_proxy_url(std::string_view text) {
  const auto url = parse_http_url(text);
  if (!url || !url->tls) return make_error_code(WireErrc::bad_value);
  KdcProxyUrl out;
  out.host = url->host;
  out.port = std::to_string(url->port);
  if (!url->path.empty()) out.path = url->path;
  if (url->query) out.path += '?' + *url->query;
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
