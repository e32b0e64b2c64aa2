#include "kdc/server/server_sockets.h"

#include <cstdint>

#include <sys/socket.h>

#include <boost/asio/socket_base.hpp>

namespace stead::kdc {
namespace {

using asio::ip::tcp;
using asio::ip::udp;
using reuse_port = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

constexpr int kSocketBuffer = 4 << 20;  // bytes; the kernel may give less
constexpr int kMaxPortAttempts = 32;    // port 0: until one is free for UDP and TCP alike

// Sockets that share a port let any other process of the same user share it too, so only an exclusive socket can find
// out whether the port is free.
BindResult<void> check_free(asio::io_context& io, const asio::ip::address& address, std::uint16_t port,
                            Protocols protocols) {
  if (protocols == Protocols::udp_and_tcp)
    if (const auto probe = open_udp(io, {address, port}, PortSharing::exclusive); !probe) return probe.error();
  if (const auto probe = open_tcp(io, {address, port}, PortSharing::exclusive); !probe) return probe.error();
  return {};
}

// A port that is free for UDP now.
BindResult<std::uint16_t> free_udp_port(asio::io_context& io, const asio::ip::address& address) {
  const auto probe = open_udp(io, {address, 0}, PortSharing::exclusive);
  if (!probe) return probe.error();
  Error error;
  const std::uint16_t port = probe->local_endpoint(error).port();
  if (error) return BindError{Transport::udp, error};
  return port;
}

}  // namespace

BindResult<udp::socket> open_udp(asio::io_context& io, const udp::endpoint& at, PortSharing sharing) {
  Error error;
  udp::socket socket(io);
  socket.open(at.protocol(), error);
  if (!error && sharing == PortSharing::shared) socket.set_option(reuse_port(true), error);
  if (!error) socket.bind(at, error);
  if (error) return BindError{Transport::udp, error};
  Error ignored;
  socket.set_option(asio::socket_base::receive_buffer_size(kSocketBuffer), ignored);
  socket.set_option(asio::socket_base::send_buffer_size(kSocketBuffer), ignored);
  socket.non_blocking(true, error);
  if (error) return BindError{Transport::udp, error};
  return socket;
}

BindResult<tcp::acceptor> open_tcp(asio::io_context& io, const tcp::endpoint& at, PortSharing sharing) {
  Error error;
  tcp::acceptor acceptor(io);
  acceptor.open(at.protocol(), error);
  if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error && sharing == PortSharing::shared) acceptor.set_option(reuse_port(true), error);
  if (!error) acceptor.bind(at, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return BindError{Transport::tcp, error};
  return acceptor;
}

BindResult<std::uint16_t> choose_port(asio::io_context& io, const asio::ip::address& address, std::uint16_t port,
                                      Protocols protocols) {
  if (port != 0) {
    if (const auto is_free = check_free(io, address, port, protocols); !is_free) return is_free.error();
    return port;
  }
  BindError last;
  for (int i = 0; i < kMaxPortAttempts; ++i) {
    const auto candidate = free_udp_port(io, address);
    if (!candidate) return candidate.error();
    const auto is_free = check_free(io, address, *candidate, protocols);
    if (is_free) return *candidate;
    last = is_free.error();
  }
  return last;
}

}  // namespace stead::kdc
