#include "proxy/server_ports.h"

#include <spdlog/spdlog.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "proxy/accept_clients.h"
#include "proxy/observe/log_exception.h"
#include "proxy/process/service_manager.h"

namespace stead::proxy {

namespace asio = boost::asio;

namespace {

std::vector<asio::io_context*> loops_of(const Cores& cores) {
  std::vector<asio::io_context*> out;
  for (const auto& core : cores) out.push_back(&core->io);
  return out;
}

std::vector<Endpoint> admin_endpoints(const Config& config) {
  return config.admin ? std::vector{*config.admin} : std::vector<Endpoint>();
}

}  // namespace

ServerPorts::ServerPorts(const Cores& cores, Admin& admin, AdminApi& api)
    : cores_(cores),
      api_(api),
      clients_(loops_of(cores),
               [&cores](Listeners::Acceptor acceptor, std::size_t core) {
                 asio::co_spawn(cores[core]->io, accept_clients(std::move(acceptor), *cores[core]), log_exception);
               }),
      proxies_(loops_of(cores),
               [&cores](Listeners::Acceptor acceptor, std::size_t core) {
                 asio::co_spawn(cores[core]->io, accept_proxies(std::move(acceptor), *cores[core]), log_exception);
               }),
      administrators_({&cores.front()->io}, [&cores, &admin](Listeners::Acceptor acceptor, std::size_t) {
        Core& first = *cores.front();
        asio::co_spawn(first.io, accept_administrators(std::move(acceptor), first, admin), log_exception);
      }) {}

Started<void> ServerPorts::open_first(const Config& config) {
  const std::vector<int> passed = sockets_of_service_manager();
  for (Listeners* const listeners : {&clients_, &proxies_, &administrators_}) listeners->adopt(passed);
  auto opened = open(config);
  if (!opened) return opened.error();
  for (const int socket : passed)
    if (!Listeners::uses(socket, opened->clients) && !Listeners::uses(socket, opened->administrators) &&
        !Listeners::uses(socket, opened->proxies))
      spdlog::warn("the service manager opened a socket at {}, which the configuration does not have", name_of(socket));
  use(std::move(*opened));
  return {};
}

Started<ServerPorts::Opened> ServerPorts::open(const Config& config) {
  Opened out;
  auto clients = clients_.open(config.client_addresses());
  if (!clients) return clients.error();
  auto administrators = administrators_.open(admin_endpoints(config));
  if (!administrators) return administrators.error();
  auto proxies = proxies_.open(config.auth_listen);
  if (!proxies) return proxies.error();
  out.socket_path = config.admin_socket;
  if (!out.socket_path.empty() && (!socket_ || socket_->path() != out.socket_path)) {
    auto socket = AdminSocket::open(cores_.front()->io, out.socket_path);
    if (!socket) return StartFailure(socket.error());
    out.socket = std::move(*socket);
  }
  out.clients = std::move(*clients);
  out.administrators = std::move(*administrators);
  out.proxies = std::move(*proxies);
  return out;
}

void ServerPorts::use(Opened opened) {
  clients_.use(std::move(opened.clients));
  administrators_.use(std::move(opened.administrators));
  proxies_.use(std::move(opened.proxies));
  if (opened.socket)
    opened.socket->serve(api_);
  else if (socket_ && socket_->path() == opened.socket_path)
    return;
  socket_ = std::move(opened.socket);
}

void ServerPorts::close_to_clients() {
  clients_.close();
  proxies_.close();
}

void ServerPorts::close_to_administrators() {
  administrators_.close();
  socket_.reset();
}

void ServerPorts::drop() {
  for (Listeners* const listeners : {&clients_, &proxies_, &administrators_}) listeners->drop();
  socket_.reset();
}

std::vector<std::uint16_t> ServerPorts::numbers() const {
  std::vector<std::uint16_t> out;
  for (const Listeners* const listeners : {&clients_, &administrators_, &proxies_})
    for (const auto& port : listeners->ports()) out.push_back(port.number);
  return out;
}

}  // namespace stead::proxy
