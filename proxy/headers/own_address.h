#pragma once
// Rewrites a back end's own address, in redirections and cookies, to the address that the client used. All other
// addresses stay as they are.
#include <string>
#include <string_view>
#include <vector>

#include "proxy/config/config.h"

namespace stead::proxy {

// The address that the client used, and the upstream that serves it.
struct Addresses {
  std::string_view client_scheme;     // "https"
  std::string_view client_authority;  // its Host; empty: it sent none
  const Upstream& upstream;
  std::string_view sent_host{};  // of a route with upstream_host: the back end may take it for its own address
  std::string_view stripped{};   // the route's strip_prefix, put before paths of the back end
  const std::vector<AddressMapping>* map = nullptr;  // of other addresses; null: none
};

// The value of Location, Content-Location or URI. Rewrites a URL at the upstream's own address. If the client uses TLS
// and the upstream does not, also rewrites an http URL at the client's authority. Cuts off the upstream's base path, and
// puts the prefix that the route cut off the request's path before it. Other addresses are rewritten as the map says.
void append_location(std::string& out, std::string_view value, const Addresses& addresses);

// The value of Set-Cookie. Removes a Domain that contains the upstream but not the client's host: the cookie then
// belongs to the client's host alone. Cuts the upstream's base path off Path.
void append_set_cookie(std::string& out, std::string_view value, const Addresses& addresses);

}  // namespace stead::proxy
