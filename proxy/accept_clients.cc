#include "proxy/accept_clients.h"

#include <spdlog/spdlog.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/errc.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <utility>

#include "proxy/core/receive_proxy_header.h"
#include "proxy/http1_connection.h"
#include "proxy/http2/connection.h"
#include "proxy/observe/log_exception.h"
#include "proxy/serve/client_connection.h"
#include "proxy/tls/server_tls.h"

namespace stead::proxy {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr auto as_result = asio::as_tuple(asio::deferred);

// After a failed accept: the process may be out of descriptors.
asio::awaitable<void> pause(Core& core) {
  asio::steady_timer timer(core.io, std::chrono::milliseconds(100));
  (void)co_await timer.async_wait(as_result);
}

bool is_out_of_descriptors(const Error& error) {
  return error == boost::system::errc::too_many_files_open ||
         error == boost::system::errc::too_many_files_open_in_system;
}

asio::awaitable<void> accept_all(Listeners::Acceptor acceptor, Core& core, std::function<void(tcp::socket)> take) {
  while (!acceptor->ending) {
    auto [error, socket] = co_await acceptor->async_accept(as_result);
    if (!error)
      take(std::move(socket));
    else if (!acceptor->ending) {
      if (is_out_of_descriptors(error)) core.limits.reached(Limit::descriptors, LimitWatch::Then::refused);
      co_await pause(core);
    }
  }
  // To close the socket would reset the connections in its queue.
  Error none;
  while (!none) {
    tcp::socket socket(core.io);
    acceptor->accept(socket, none);
    if (!none) take(std::move(socket));
  }
  Error ignored;
  acceptor->close(ignored);
}

}  // namespace

asio::awaitable<void> serve_client(std::unique_ptr<ClientConnection> connection) {
  const bool open = co_await connection->open();
  if (!open) co_return;
  if (ServerTls::speaks_http_2(connection->stream.ssl())) {
    const auto http_2 = std::make_shared<Http2Connection>(std::move(connection));
    co_await http_2->run();
  } else {
    Http1Connection http_1(*connection);
    co_await http_1.run();
  }
}

namespace {

void serve(Core& core, tcp::socket socket, const asio::ip::address& address, const CameIn& came_in) {
  const ClientConnections::Room room = core.clients.make_room(address);
  if (room.reached) core.limits.reached(*room.reached, room ? LimitWatch::Then::made_room : LimitWatch::Then::refused);
  if (room)
    asio::co_spawn(core.io, serve_client(std::make_unique<ClientConnection>(core, std::move(socket), address, came_in)),
                   log_exception);
  else
    core.metrics.client_connections_refused.add();  // the socket closes
}

// The client's address stands in front of its first octets.
asio::awaitable<void> serve_behind_balancer(Core& core, tcp::socket socket, asio::ip::address balancer,
                                            CameIn came_in) {
  const ReceivedProxyHeader received = co_await receive_proxy_header(socket, core.now->config().limits.header_timeout);
  if (!received.fault) {
    serve(core, std::move(socket), received.client, came_in);
    co_return;
  }
  if (*received.fault == ProxyHeaderFault::closed) co_return;
  core.metrics.client_connections_refused.add();
  spdlog::warn("{} is in proxy_protocol_from, and its connection {}", balancer.to_string(),
               *received.fault == ProxyHeaderFault::timed_out ? "sent no PROXY protocol header in time"
                                                              : "did not begin with a PROXY protocol header");
}

}  // namespace

asio::awaitable<void> accept_clients(Listeners::Acceptor acceptor, Core& core) {
  const CameIn came_in{.door = Door::clients, .listener = acceptor->asked};
  return accept_all(std::move(acceptor), core, [&core, came_in](tcp::socket socket) {
    Error gone;
    const auto endpoint = socket.remote_endpoint(gone);
    if (gone) return;
    const auto address = endpoint.address();
    if (core.now->config().proxy_protocol_from.has(address))
      asio::co_spawn(core.io, serve_behind_balancer(core, std::move(socket), address, came_in), log_exception);
    else
      serve(core, std::move(socket), address, came_in);
  });
}

asio::awaitable<void> accept_proxies(Listeners::Acceptor acceptor, Core& core) {
  Error unknown;
  const bool on_loopback = acceptor->local_endpoint(unknown).address().is_loopback();
  const CameIn came_in{.door = on_loopback ? Door::proxies_on_loopback : Door::proxies, .listener = acceptor->asked};
  return accept_all(std::move(acceptor), core, [&core, came_in](tcp::socket socket) {
    Error gone;
    const auto address = socket.remote_endpoint(gone).address();
    if (gone) return;
    if (core.now->config().auth_from.has(address)) return serve(core, std::move(socket), address, came_in);
    core.metrics.client_connections_refused.add();
    spdlog::warn("{} asked at auth_listen, and auth_from does not have it: its connection was closed",
                 address.to_string());
  });
}

asio::awaitable<void> accept_administrators(Listeners::Acceptor acceptor, Core& core, Admin& admin) {
  return accept_all(std::move(acceptor), core, [&core, &admin](tcp::socket socket) {
    asio::co_spawn(core.io, admin.serve(std::move(socket), core), log_exception);
  });
}

}  // namespace stead::proxy
