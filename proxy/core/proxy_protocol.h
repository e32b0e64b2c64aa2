#pragma once
// The PROXY protocol, versions 1 and 2 (HAProxy's proxy-protocol.txt): a load balancer that passes octets on writes the
// address of its client in front of the connection's first octets.
//
//   1:  "PROXY TCP4 192.0.2.7 203.0.113.1 50123 443\r\n", also TCP6 and UNKNOWN; at most 107 octets
//   2:  12 fixed octets, version and command (1), family and transport (1), length (2), addresses, and TLVs
#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <optional>
#include <string_view>

namespace stead::proxy {

struct ProxyHeader {
  // Of the load balancer's client. Nothing: the load balancer speaks for itself, as in a health check (LOCAL), or does not
  // know (UNKNOWN).
  std::optional<boost::asio::ip::tcp::endpoint> client;
};

// Reads one header from a connection's first octets, and nothing behind it.
class ProxyHeaderReader {
 public:
  static constexpr std::size_t kMaxSize = 16 + 1024;  // of version 2: its TLVs may be long, and we need none
  enum class State { more, done, malformed };

  // How many octets are wanted next: so many may be read without reading beyond the header. 0: none.
  [[nodiscard]] std::size_t wanted() const { return wanted_; }
  // `octets`: all that were read so far, wanted() more than at the call before.
  [[nodiscard]] State look_at(std::string_view octets);
  // After State::done.
  [[nodiscard]] const ProxyHeader& header() const { return header_; }

 private:
  State look_at_text(std::string_view octets);
  State look_at_binary(std::string_view octets);
  State finish(State state) {
    wanted_ = 0;
    return state;
  }

  std::size_t wanted_ = 15;  // the length of the shortest: "PROXY UNKNOWN\r\n"
  ProxyHeader header_;
};

}  // namespace stead::proxy
