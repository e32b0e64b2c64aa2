#pragma once
// One request to a KDC over TCP and its reply (RFC 4120 §7.2.2): messages with their length in front.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstddef>
#include <memory>

#include "sspi_shim/base/bytes.h"
#include "sspi_shim/protocol/errors/error.h"
#include "sspi_shim/transport/tcp_pool.h"

namespace stead {

constexpr std::size_t kMaxKdcFrame = 1024 * 1024;

// The connection of an exchange that is under way. cancel() ends the exchange.
struct TcpSlot {
  TcpPool::Socket socket;
  bool is_cancelled = false;
  void cancel();
};

// Sends `request` over a pooled connection; over a new one if there is none or the pooled one proves dead. Refuses a
// frame above kMaxKdcFrame before allocating it. Fails with timed_out, connection_refused, connection_reset, eof,
// bad_length, or operation_aborted.
[[nodiscard]] boost::asio::awaitable<Result<Buffer>> tcp_exchange(std::shared_ptr<TcpPool> pool,
                                                                  std::shared_ptr<TcpSlot> slot,
                                                                  boost::asio::any_io_executor executor,
                                                                  boost::asio::ip::tcp::endpoint peer, Buffer request,
                                                                  std::chrono::steady_clock::time_point until);

}  // namespace stead
