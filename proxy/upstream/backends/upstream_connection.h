#pragma once
// A connection to a back end, and the user to whom it belongs.
#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "proxy/http/stream.h"
#include "proxy/upstream/backends/upstream_health.h"

namespace stead::proxy {

struct UpstreamConnection {
  UpstreamConnection(boost::asio::ip::tcp::socket socket, Watchdog& watchdog, std::size_t target, std::string owner)
      : stream(std::move(socket), watchdog), upstream(target), identity(std::move(owner)) {}
  Stream stream;
  ReadBuffer buffer;
  std::size_t upstream;                // its number in the pool
  std::string identity;                // its owner; empty for public routes
  std::vector<std::uint8_t> bindings;  // channel bindings of the back end's certificate; empty on plain HTTP
  InFlight in_flight;                  // while a request has the connection
  bool reused = false;
  Clock::time_point idle_since{};
};
using UpstreamPtr = std::unique_ptr<UpstreamConnection>;

}  // namespace stead::proxy
