#pragma once
// An address and a port that the proxy listens at.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stead::proxy {

struct Endpoint {
  std::string address;  // IPv6 in brackets
  std::uint16_t port = 0;
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

// "127.0.0.1:8443", "[::1]:8443", "localhost:8443"; nothing for other text.
[[nodiscard]] std::optional<Endpoint> parse_endpoint(std::string_view text);
[[nodiscard]] bool is_loopback(const Endpoint& endpoint);

}  // namespace stead::proxy
