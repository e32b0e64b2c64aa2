#pragma once
// A back end, as a route names it.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stead::proxy {

struct Upstream {
  bool tls = false;
  std::string host;  // a name or an address, IPv6 in brackets
  std::uint16_t port = 80;
  std::string base_path;  // put before a request's path; usually empty
  unsigned weight = 1;    // its share of the route's requests, beside the others' weights
  bool backup = false;    // gets requests only while no other one of the route is up
  friend bool operator==(const Upstream&, const Upstream&) = default;
};

// "http://name:port/base" or "https://…" without user, query and fragment; nothing for other text.
[[nodiscard]] std::optional<Upstream> parse_upstream(std::string_view url);
// The URL, without the port where it is the scheme's own.
[[nodiscard]] std::string to_string(const Upstream& upstream);
// The host as resolvers and TLS take it: without an IPv6 address's brackets.
[[nodiscard]] std::string bare_host(const Upstream& upstream);

}  // namespace stead::proxy
