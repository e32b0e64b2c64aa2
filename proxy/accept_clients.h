#pragma once
// Accepts clients and serves each on a coroutine of its own.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <exception>

#include "proxy/admin/admin.h"
#include "proxy/core/core.h"

namespace stead::proxy {

// Until the core drains or the acceptor closes. Closes a new connection at once if core.clients has no room for it.
[[nodiscard]] boost::asio::awaitable<void> accept_clients(boost::asio::ip::tcp::acceptor& acceptor, Core& core);
// For the admin port, until the acceptor closes.
[[nodiscard]] boost::asio::awaitable<void> accept_administrators(boost::asio::ip::tcp::acceptor& acceptor, Core& core,
                                                                 Admin& admin);

// The completion handler for coroutines that must not end by an exception.
void log_exception(const std::exception_ptr& problem);

}  // namespace stead::proxy
