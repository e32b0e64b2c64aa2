#pragma once
// Serves one listening TCP socket for LDAP.
#include "kdc/server/ldap_channel.h"

namespace stead::kdc {

// Accepts connections until the acceptor is closed, and serves each on this core. `service`: ldap, or ldaps, where TLS
// begins at once.
[[nodiscard]] asio::awaitable<void> serve_ldap(Core& core, const ServedController& served, TlsContext tls,
                                               Service service, asio::ip::tcp::acceptor acceptor);

}  // namespace stead::kdc
