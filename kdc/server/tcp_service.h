#pragma once
// Serves one listening TCP socket (RFC 4120 §7.2.2).
#include "kdc/server/server_core.h"

namespace stead::kdc {

// Accepts connections until the acceptor is closed, and serves each on this core. If the core has
// ServerOptions::max_connections already, the one that has been silent for longest is closed.
[[nodiscard]] asio::awaitable<void> serve_tcp(Core& core, const ServedController& served, Service service,
                                              asio::ip::tcp::acceptor acceptor);

}  // namespace stead::kdc
