#pragma once
// A listening port shared by all cores: each has a socket of its own (SO_REUSEPORT), and the kernel distributes the
// connections.
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <vector>

#include "proxy/config/config.h"
#include "proxy/start_failure.h"

namespace stead::proxy {

// Returns one acceptor for each loop. Port 0 takes any free port and writes it back to `endpoint`.
[[nodiscard]] Started<std::vector<boost::asio::ip::tcp::acceptor>> listen_at(
    Endpoint& endpoint, const std::vector<boost::asio::io_context*>& loops);

}  // namespace stead::proxy
