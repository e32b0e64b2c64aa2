#pragma once
// The Forwarded field (RFC 7239): what each proxy on the way of a request says about the one before it.
#include <boost/asio/ip/address.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stead::proxy {

struct ForwardedElement {
  std::optional<boost::asio::ip::address> from;  // of "for"; nothing: it has none, "unknown" or an obfuscated name
  bool https = false;                            // of "proto"
};

// The elements of a field's value, in its order. Nothing if it is malformed: then none of it can be believed.
[[nodiscard]] std::optional<std::vector<ForwardedElement>> parse_forwarded(std::string_view value);

// One element, as a value of its own: `for=192.0.2.7;host="www.example.com";proto=https`. `address`: IPv6 without brackets.
// `host` is left out if it is empty.
[[nodiscard]] std::string forwarded_element(std::string_view address, std::string_view host, std::string_view scheme);

}  // namespace stead::proxy
