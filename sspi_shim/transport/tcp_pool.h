#pragma once
// Idle TCP connections to KDCs, kept for the next request.
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <deque>
#include <map>
#include <memory>

namespace stead {

// By peer. No read waits on an idle connection, so that idle ones do not keep an io_context running.
class TcpPool {
 public:
  using Socket = std::shared_ptr<boost::asio::ip::tcp::socket>;

  // The connection that was used last, or null. Drops connections that the peer has closed or written to.
  [[nodiscard]] Socket take(const boost::asio::ip::tcp::endpoint& peer);
  void give_back(const boost::asio::ip::tcp::endpoint& peer, Socket socket);

 private:
  struct Idle {
    Socket socket;
    std::chrono::steady_clock::time_point since;
  };
  std::map<boost::asio::ip::tcp::endpoint, std::deque<Idle>> idle_;
};

}  // namespace stead
