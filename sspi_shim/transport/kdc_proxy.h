#pragma once
// KDCs behind an HTTPS proxy (MS-KKDCP): a KDC-PROXY-MESSAGE in a POST, and one in the response. The proxy's
// certificate must be for its host, issued by a CA of the `ca` file or, without one, of the system. Connections are
// kept for the next request.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "sspi_shim/base/bytes.h"
#include "sspi_shim/protocol/errors/error.h"
#include "stead/locator.h"

namespace stead {

class KdcProxyClient {
 public:
  virtual ~KdcProxyClient() = default;
  // `hint`: DsGetDcName flags for the proxy's search for a KDC; nothing: any KDC will do. Fails with timed_out, with
  // the error of resolving, connecting or TLS (an invalid certificate is one), with Beast's bad_status if the status is
  // not 200, with a WireErrc if the response is no KDC-PROXY-MESSAGE.
  [[nodiscard]] virtual boost::asio::awaitable<Result<Buffer>> exchange(
      std::string realm, Buffer request, std::optional<std::uint32_t> hint,
      std::chrono::steady_clock::time_point until) = 0;
};

// Fails if the URL or the `ca` file is invalid. Works on one executor.
[[nodiscard]] Result<std::shared_ptr<KdcProxyClient>> make_kdc_proxy_client(boost::asio::any_io_executor executor,
                                                                            const KdcProxy& proxy);

}  // namespace stead
