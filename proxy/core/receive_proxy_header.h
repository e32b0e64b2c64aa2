#pragma once
// Reads the header of the PROXY protocol from a new connection of a load balancer, octet for octet: what follows it, TLS as
// a rule, stays in the socket.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <optional>

namespace stead::proxy {

enum class ProxyHeaderFault {
  closed,
  timed_out,
  malformed
};  // closed: the peer sent nothing, as a check by TCP alone does

struct ReceivedProxyHeader {
  std::optional<ProxyHeaderFault> fault;
  boost::asio::ip::address client;  // as the load balancer says, or its own if it does not say
};

// The whole header must come within `time`.
[[nodiscard]] boost::asio::awaitable<ReceivedProxyHeader> receive_proxy_header(boost::asio::ip::tcp::socket& socket,
                                                                               std::chrono::milliseconds time);

}  // namespace stead::proxy
