#pragma once
// TCP to KDCs (RFC 4120 §7.2.2): length-prefixed messages over connections that are kept for the next request.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <deque>
#include <map>
#include <memory>

#include "sspi_shim/base/bytes.h"
#include "sspi_shim/protocol/errors/error.h"

namespace stead {

constexpr std::size_t kMaxKdcFrame = 1024 * 1024;

// Idle connections by peer. Nothing waits on them, so they do not keep an io_context running.
class TcpPool {
 public:
  using Socket = std::shared_ptr<boost::asio::ip::tcp::socket>;

  // The connection used last, or null. One that the peer has closed or written to meanwhile is dropped.
  [[nodiscard]] Socket take(const boost::asio::ip::tcp::endpoint& peer);
  void give_back(const boost::asio::ip::tcp::endpoint& peer, Socket socket);
  [[nodiscard]] std::size_t idle() const;

 private:
  struct Idle {
    Socket socket;
    std::chrono::steady_clock::time_point since;
  };
  std::map<boost::asio::ip::tcp::endpoint, std::deque<Idle>> idle_;
};

// What one TCP exchange holds, so that somebody else can end it.
struct TcpSlot {
  TcpPool::Socket socket;
  bool given_up = false;
  void give_up();
};

// Sends `request` over a pooled connection, or a new one where there is none or it proves dead. A frame above
// kMaxKdcFrame is refused before it is allocated. Fails with timed_out, connection_refused, connection_reset, eof,
// bad_length, or operation_aborted.
[[nodiscard]] boost::asio::awaitable<Result<Buffer>> tcp_exchange(std::shared_ptr<TcpPool> pool,
                                                                  std::shared_ptr<TcpSlot> slot,
                                                                  boost::asio::any_io_executor executor,
                                                                  boost::asio::ip::tcp::endpoint peer, Buffer request,
                                                                  std::chrono::steady_clock::time_point until);

}  // namespace stead
