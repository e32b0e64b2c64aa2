#pragma once
// A port, shared by all cores: each has a socket of its own, and the kernel deals the connections out.
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <optional>
#include <string>
#include <vector>

#include "proxy/config/config.h"

namespace stead::proxy {

struct ListenFailure {
  bool taken = false;  // another program has the port
  std::string message;
};
// One acceptor for each loop. `endpoint.port` 0: any; the one found is written back.
[[nodiscard]] std::optional<std::vector<boost::asio::ip::tcp::acceptor>> listen_at(
    Endpoint& endpoint, const std::vector<boost::asio::io_context*>& loops, ListenFailure& failure);

}  // namespace stead::proxy
