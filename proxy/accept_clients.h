#pragma once
// Accepts clients and serves each on a coroutine of its own.
#include <boost/asio/awaitable.hpp>
#include <memory>

#include "proxy/admin/admin.h"
#include "proxy/core/core.h"
#include "proxy/listeners.h"
#include "proxy/serve/client_connection.h"

namespace stead::proxy {

// Until the acceptor is ending: then it takes the connections that are waiting already, and closes. Closes a new
// connection at once if core.clients has no room for it.
[[nodiscard]] boost::asio::awaitable<void> accept_clients(Listeners::Acceptor acceptor, Core& core);
// The same for the proxies that ask at auth_listen: closes a connection of any other address.
[[nodiscard]] boost::asio::awaitable<void> accept_proxies(Listeners::Acceptor acceptor, Core& core);
// The same for the admin port.
[[nodiscard]] boost::asio::awaitable<void> accept_administrators(Listeners::Acceptor acceptor, Core& core,
                                                                 Admin& admin);

// Serves one client until the connection ends, in the version of HTTP that it speaks.
[[nodiscard]] boost::asio::awaitable<void> serve_client(std::unique_ptr<ClientConnection> connection);

}  // namespace stead::proxy
