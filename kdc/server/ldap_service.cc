#include "kdc/server/ldap_service.h"

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <utility>

#include "kdc/server/ldap_connection.h"

namespace stead::kdc {
namespace {

using asio::ip::tcp;

constexpr std::chrono::milliseconds kAcceptPause{100};  // after the process has run out of descriptors

asio::awaitable<void> serve_connection(std::shared_ptr<LdapEndpoint> endpoint, std::shared_ptr<tcp::socket> socket,
                                       bool tls_first) {
  ConnectionList::Listed listed(endpoint->core().ldap_connections, *socket);
  Error ignored;
  socket->set_option(tcp::no_delay(true), ignored);
  LdapConnection connection(*endpoint, *socket);
  co_await connection.serve(tls_first, listed);
  socket->close(ignored);
}

}  // namespace

asio::awaitable<void> serve_ldap(Core& core, const ServedController& served, TlsContext tls, Service service,
                                 tcp::acceptor acceptor) {
  const auto endpoint = std::make_shared<LdapEndpoint>(core, served, std::move(tls));
  for (;;) {
    auto [error, socket] = co_await acceptor.async_accept(as_result);
    if (error == asio::error::operation_aborted) co_return;
    if (error) {
      asio::steady_timer pause(core.io, kAcceptPause);
      co_await pause.async_wait(as_result);
      continue;
    }
    core.ldap_connections.make_room(core.options.max_connections);
    core.spawn(serve_connection(endpoint, std::make_shared<tcp::socket>(std::move(socket)), service == Service::ldaps));
  }
}

}  // namespace stead::kdc
