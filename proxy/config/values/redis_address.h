#pragma once
// Where a Redis or Valkey server is, as a URL: redis://[USER][:PASSWORD]@HOST[:PORT][/DATABASE], rediss:// over TLS, or
// unix:///PATH[?db=DATABASE].
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stead::proxy {

struct RedisAddress {
  std::string host{};  // a name or an address, IPv6 without brackets; empty: `socket`
  std::uint16_t port = 6379;
  std::string socket{};  // path of a Unix socket
  bool tls = false;
  unsigned database = 0;
  std::string user{}, password{};  // empty: none
  friend bool operator==(const RedisAddress&, const RedisAddress&) = default;
};

// Nothing for other text.
[[nodiscard]] std::optional<RedisAddress> parse_redis_address(std::string_view url);
// For messages: the URL without user and password.
[[nodiscard]] std::string to_string(const RedisAddress& address);

}  // namespace stead::proxy
