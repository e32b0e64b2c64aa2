#pragma once
// KDCs behind an HTTPS relay (MS-KKDCP): a KDC-PROXY-MESSAGE in a POST, and one in the answer. The relay's certificate
// must be for its host and issued by one of the `ca` file or, without one, of the system's; connections are kept for
// the next request.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
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
  // `hint`: flags of DsGetDcName for the relay's search, where the KDC must have something. Fails with timed_out, what
  // connecting, resolving or TLS failed with (a certificate that does not hold too), Beast's bad_status where the relay
  // does not answer 200, WireErrc where its answer is no KDC-PROXY-MESSAGE.
  [[nodiscard]] virtual boost::asio::awaitable<Result<Buffer>> exchange(
      std::string realm, Buffer request, std::optional<std::uint32_t> hint,
      std::chrono::steady_clock::time_point until) = 0;
};

// Fails where the URL or the `ca` file does not hold. Works on one executor.
[[nodiscard]] Result<std::shared_ptr<KdcProxyClient>> make_kdc_proxy_client(boost::asio::any_io_executor executor,
                                                                            const KdcProxy& proxy);

}  // namespace stead
