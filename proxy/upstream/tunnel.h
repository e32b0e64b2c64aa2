#pragma once
// A connection after 101 Switching Protocols: octets in both directions.
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <utility>

#include "proxy/http/stream.h"
#include "proxy/upstream/side_task.h"

namespace stead::proxy {

class Tunnel {
 public:
  struct End {
    Stream& stream;
    ReadBuffer& buffer;  // octets that were read before
  };
  Tunnel(boost::asio::any_io_executor executor, End client, End upstream, std::chrono::milliseconds idle_timeout)
      : client_(client), upstream_(upstream), idle_timeout_(idle_timeout), to_upstream_(std::move(executor)) {}

  // Runs until both directions have ended. False: the direction to the client was interrupted.
  [[nodiscard]] boost::asio::awaitable<bool> run();
  [[nodiscard]] std::uint64_t bytes_to_client() const { return bytes_to_client_; }

 private:
  enum class DirectionEnd { in_order, interrupted };
  boost::asio::awaitable<DirectionEnd> carry(End from, Stream& to, std::uint64_t& carried);
  static void end_direction(DirectionEnd end, Stream& from, Stream& to);
  boost::asio::awaitable<void> carry_to_upstream();

  End client_, upstream_;
  std::chrono::milliseconds idle_timeout_;
  std::uint64_t bytes_to_client_ = 0;
  SideTask to_upstream_;
};

}  // namespace stead::proxy
