#pragma once
// A back end that does not know of us names itself where it should name the address that the client used: in
// redirections and in cookies. Such names are made the client's; all others are left as they are.
#include <string>
#include <string_view>

#include "proxy/config/config.h"

namespace stead::proxy {

// How the client came, and where its request went.
struct Addresses {
  std::string_view client_scheme;     // "https"
  std::string_view client_authority;  // its Host; empty: it sent none
  const Upstream& upstream;
};

// The value of Location, Content-Location or URI. An absolute URL at the upstream's own address, or one of plain HTTP
// at the client's authority where the client came by TLS and the upstream was asked without, is put at the client's;
// the upstream's base path, which the client does not know, is cut off.
void append_location(std::string& out, std::string_view value, const Addresses& addresses);

// The value of Set-Cookie. A Domain that is the upstream's, and not one that the client's host is in, is left out: the
// cookie is then of the client's host alone. The upstream's base path is cut off Path.
void append_set_cookie(std::string& out, std::string_view value, const Addresses& addresses);

}  // namespace stead::proxy
