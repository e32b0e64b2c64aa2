#pragma once
// The TCP connections of one kind on one core, by how long each has been silent, so that the longest silent goes first.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstddef>
#include <list>

namespace stead::kdc {

namespace asio = boost::asio;

class ConnectionList {
 public:
  explicit ConnectionList(std::chrono::seconds idle_timeout) : idle_timeout_(idle_timeout) {}

  struct Connection {
    asio::ip::tcp::socket* socket = nullptr;
    std::chrono::steady_clock::time_point begun;  // its current message
  };
  // A connection's entry, for as long as this lives.
  class Listed {
   public:
    Listed(ConnectionList& list, asio::ip::tcp::socket& socket);
    ~Listed();
    Listed(const Listed&) = delete;
    Listed& operator=(const Listed&) = delete;
    void begin_message();

   private:
    std::list<Connection>& connections_;
    std::list<Connection>::iterator at_;
  };

  // Closes the longest silent connection if there are `limit` or more.
  void make_room(std::size_t limit);
  // Closes the connections whose message is not complete and answered within the timeout, until `io` stops.
  [[nodiscard]] asio::awaitable<void> close_silent(asio::io_context& io);

 private:
  std::chrono::seconds idle_timeout_;
  std::list<Connection> connections_;  // the one whose current message began first is at the front
};

}  // namespace stead::kdc
