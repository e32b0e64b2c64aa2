#include "kdc/server/server.h"

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/signal_set.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "kdc/server/ldap_service.h"
#include "kdc/server/server_sockets.h"
#include "kdc/server/tcp_service.h"
#include "kdc/server/udp_service.h"

namespace stead::kdc {
namespace {

constexpr unsigned kBlockingThreads = 2;

Problem bind_problem(const Controller& dc, std::uint16_t port, const BindError& error) {
  const bool v6 = dc.address.find(':') != dc.address.npos;
  return {.message = std::string("cannot bind ") + (error.transport == Transport::udp ? "UDP " : "TCP ") +
                     (v6 ? "[" + dc.address + "]" : dc.address) + ":" + std::to_string(port) + ": " +
                     error.why.message(),
          .where = dc.name,
          .fix = {}};
}

void run_core(Core& core) {
  const auto work = asio::make_work_guard(core.io);
  core.io.run();
}

}  // namespace

struct Server::Impl {
  Impl(Directory& directory_, std::vector<ServedController> served_, ServerOptions options_)
      : directory(directory_), served(std::move(served_)), options(options_), pool(std::in_place, kBlockingThreads) {
    const unsigned count = options.cores ? options.cores : std::max(1u, std::thread::hardware_concurrency());
    for (unsigned i = 0; i < count; ++i) cores.push_back(std::make_unique<Core>(directory, *pool, options));
  }
  // The pool goes first: coroutines that wait for it belong to it, and they refer to their core.
  ~Impl() {
    stop();
    pool->stop();
    pool->join();
    pool.reset();
  }

  void stop() {
    for (const auto& core : cores) core->io.stop();
  }

  // Opens the sockets of one service on every core; chooses the port if it is 0.
  BindResult<void> open(const ServedController& controller, Service service, const asio::ip::address& address,
                        std::uint16_t& port, const TlsContext& tls) {
    const Protocols protocols = service == Service::ldaps ? Protocols::tcp : Protocols::udp_and_tcp;
    const auto chosen = choose_port(cores.front()->io, address, port, protocols);
    if (!chosen) return chosen.error();
    port = *chosen;
    for (const auto& core : cores) {
      if (protocols == Protocols::udp_and_tcp) {
        auto socket = open_udp(core->io, {address, port}, PortSharing::shared);
        if (!socket) return socket.error();
        core->spawn(serve_udp(*core, controller, service, std::move(*socket)));
      }
      auto acceptor = open_tcp(core->io, {address, port}, PortSharing::shared);
      if (!acceptor) return acceptor.error();
      if (service == Service::ldap || service == Service::ldaps)
        core->spawn(serve_ldap(*core, controller, tls, service, std::move(*acceptor)));
      else
        core->spawn(serve_tcp(*core, controller, service, std::move(*acceptor)));
    }
    return {};
  }

  asio::awaitable<void> stop_on_signal() {
    const auto [error, number] = co_await signals->async_wait(as_result);
    if (!error) stop();
  }

  Directory& directory;
  std::vector<ServedController> served;
  ServerOptions options;
  std::optional<asio::thread_pool> pool;
  std::vector<std::unique_ptr<Core>> cores;
  std::optional<asio::signal_set> signals;
};

Server::Server(Directory& directory, std::vector<ServedController> controllers, ServerOptions options)
    : impl_(std::make_unique<Impl>(directory, std::move(controllers), options)) {}
Server::~Server() = default;

const std::vector<ServedController>& Server::controllers() const {
  return impl_->served;
}

Checked<void> Server::bind() {
  // Before the first socket: whoever sees a socket may send a signal at once, and run() must find it.
  impl_->signals.emplace(impl_->cores.front()->io, SIGTERM, SIGINT);
  for (ServedController& one : impl_->served) {
    Controller& dc = one.controller;
    Error error;
    const asio::ip::address address = asio::ip::make_address(dc.address, error);
    if (error) return Problem{.message = dc.address + " is not an IP address", .where = dc.name, .fix = {}};
    const auto tls = make_tls_context(dc);
    if (!tls) return tls.error();
    struct Port {
      Service service;
      std::uint16_t& number;
    };
    for (const Port& port : {Port{Service::kerberos, dc.kerberos_port}, Port{Service::kpasswd, dc.kpasswd_port},
                             Port{Service::ldap, dc.ldap_port}, Port{Service::ldaps, dc.ldaps_port}}) {
      if (port.service == Service::ldaps && *tls == nullptr) continue;
      const auto opened = impl_->open(one, port.service, address, port.number, *tls);
      if (!opened) return bind_problem(dc, port.number, opened.error());
    }
  }
  return {};
}

void Server::run() {
  impl_->cores.front()->spawn(impl_->stop_on_signal());
  for (const auto& core : impl_->cores) {
    core->spawn(core->connections.close_silent(core->io));
    core->spawn(core->ldap_connections.close_silent(core->io));
  }
  std::vector<std::thread> threads;
  for (std::size_t i = 1; i < impl_->cores.size(); ++i)
    threads.emplace_back([core = impl_->cores[i].get()] { run_core(*core); });
  run_core(*impl_->cores.front());
  for (std::thread& thread : threads) thread.join();
}

void Server::stop() {
  impl_->stop();
}

}  // namespace stead::kdc
