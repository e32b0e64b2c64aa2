#pragma once
// An http or https URL (RFC 3986, RFC 9110 §4.2), without a user and a fragment.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stead {

struct HttpUrl {
  bool tls = false;
  std::string host;                  // a name or an address as written; IPv6 without brackets
  std::uint16_t port = 80;           // from 1; 80 or 443 where the URL has none
  std::string path;                  // as written: "" or from its '/'
  std::optional<std::string> query;  // as written, without '?'
  friend bool operator==(const HttpUrl&, const HttpUrl&) = default;
};

// Nothing for another scheme, no host, a user, an empty or wrong port, a fragment, or characters that a URL cannot
// have.
[[nodiscard]] std::optional<HttpUrl> parse_http_url(std::string_view text);

}  // namespace stead
