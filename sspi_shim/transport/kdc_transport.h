#pragma once
// Sends one request to a KDC and returns the reply: by UDP, or by TCP if the request or the reply is too big; to the
// next DC of the realm if one is silent. The only reply that it judges is KDC_ERR_SVC_UNAVAILABLE.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "sspi_shim/base/bytes.h"
#include "sspi_shim/locate/known_controller.h"
#include "sspi_shim/protocol/errors/error.h"
#include "stead/locator.h"

namespace stead {

class DcLocator;

struct KdcReply {
  Buffer bytes;
  KnownController from;
  std::chrono::steady_clock::duration took{};
};

// A DC that did not answer, for the trace.
struct KdcAttempt {
  KnownController at;
  std::chrono::steady_clock::duration took{};
};

struct KdcExchangeResult {
  Result<KdcReply> reply;          // asio::error::timed_out, connection_refused, host_not_found (no DC known)…
  std::vector<KdcAttempt> silent;  // DCs that did not answer before that
};

class KdcTransport {
 public:
  virtual ~KdcTransport() = default;
  // To any DC of the realm, in the locator's order, which has silent ones last.
  virtual boost::asio::awaitable<KdcExchangeResult> send(std::string realm, Buffer request) = 0;
  // To these DCs only, in this order.
  virtual boost::asio::awaitable<KdcExchangeResult> send_to(std::vector<KnownController> controllers, std::string realm,
                                                            Buffer request) = 0;
};

// Works on one executor. `options` says which realms are behind a KDC proxy (locate/realm_proxy.h).
[[nodiscard]] std::shared_ptr<KdcTransport> make_kdc_transport(boost::asio::any_io_executor executor,
                                                               std::shared_ptr<DcLocator> locator,
                                                               std::chrono::milliseconds timeout,
                                                               LocatorOptions options = {});

}  // namespace stead
