#pragma once
// A host and a port as text: "127.0.0.1:88", "[::1]:88", "dc1.root.example:88".
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stead {

struct HostAndPort {
  std::string host;  // a name or an address; IPv6 without brackets
  std::uint16_t port = 0;
  friend bool operator==(const HostAndPort&, const HostAndPort&) = default;
};

// Brackets stand around the host if and only if it is an IPv6 address.
[[nodiscard]] std::string format_host_and_port(std::string_view host, std::uint16_t port);
// Nothing without a host or a port from 0 to 65535. Does not check the host's characters.
[[nodiscard]] std::optional<HostAndPort> parse_host_and_port(std::string_view text);

[[nodiscard]] std::string with_brackets(std::string_view host);          // "::1" to "[::1]", others as they are
[[nodiscard]] std::string_view without_brackets(std::string_view host);  // "[::1]" to "::1", others as they are
[[nodiscard]] bool is_ip_address(std::string_view text);                 // IPv4 or IPv6, without brackets

}  // namespace stead
