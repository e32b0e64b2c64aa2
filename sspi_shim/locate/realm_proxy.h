#pragma once
// Which realms are behind a KDC proxy (MS-KKDCP), and where that proxy is. No I/O.
#include <string>
#include <string_view>

#include "sspi_shim/protocol/errors/error.h"
#include "stead/locator.h"

namespace stead {

struct KdcProxyUrl {
  std::string host;  // a name, or an address without brackets
  std::string port = "443";
  std::string path = "/";
  friend bool operator==(const KdcProxyUrl&, const KdcProxyUrl&) = default;
};
// Reads "https://host:port/path". Fails with bad_value on another scheme, a user name or a fragment.
[[nodiscard]] Result<KdcProxyUrl> parse_kdc_proxy_url(std::string_view url);

// The KDC proxy of a realm, or null if the realm has none.
[[nodiscard]] const KdcProxy* kdc_proxy_of(const LocatorOptions& options, const std::string& realm);
// Stands for the realm's controllers, which cannot be reached directly: the proxy's host and port, no address.
[[nodiscard]] ControllerAddress controller_behind(const KdcProxy& proxy);

}  // namespace stead
