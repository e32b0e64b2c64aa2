#pragma once
// One datagram and its answer. Each exchange has its own socket: the kernel chooses a random port, and drops datagrams
// from other peers.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/udp.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>

#include "sspi_shim/base/bytes.h"
#include "sspi_shim/protocol/errors/error.h"

namespace stead {

struct UdpTimes {
  std::chrono::steady_clock::time_point until;
  std::optional<std::chrono::steady_clock::time_point> send_again;  // the same datagram, if no answer came until then
};

// Sends `request` and waits for a datagram that `is_answer` accepts; ignores others. Fails with timed_out, with
// connection_refused if the host reports a closed port, or with operation_aborted if the socket was closed.
[[nodiscard]] boost::asio::awaitable<Result<Buffer>> udp_exchange(std::shared_ptr<boost::asio::ip::udp::socket> socket,
                                                                  boost::asio::ip::udp::endpoint to, Buffer request,
                                                                  UdpTimes times, std::function<bool(Bytes)> is_answer);

}  // namespace stead
