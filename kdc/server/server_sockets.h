#pragma once
// Opens the sockets of the server.
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <cstdint>

#include "kdc/server/server_core.h"

namespace stead::kdc {

enum class PortSharing {
  exclusive,  // the port must be free
  shared,     // every core binds it (SO_REUSEPORT)
};
enum class Protocols { udp_and_tcp, tcp };

struct BindError {
  Transport transport = Transport::udp;
  Error why;
};
template <class T>
using BindResult = boost::system::result<T, BindError>;

[[nodiscard]] BindResult<asio::ip::udp::socket> open_udp(asio::io_context& io, const asio::ip::udp::endpoint& at,
                                                         PortSharing sharing);
[[nodiscard]] BindResult<asio::ip::tcp::acceptor> open_tcp(asio::io_context& io, const asio::ip::tcp::endpoint& at,
                                                           PortSharing sharing);

// Checks that `port` is free for these protocols; for port 0 finds one that is.
[[nodiscard]] BindResult<std::uint16_t> choose_port(asio::io_context& io, const asio::ip::address& address,
                                                    std::uint16_t port, Protocols protocols);

}  // namespace stead::kdc
