#include "kdc/server/server.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/socket_base.hpp>
#include <optional>
#include <thread>

#include "kdc/server/server_core.h"

namespace stead::kdc {
namespace {

using asio::ip::tcp;
using asio::ip::udp;
using reuse_port = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

constexpr int kSocketBuffer = 4 << 20;  // bytes; the kernel may give less
constexpr int kPortAttempts = 32;       // port 0: until one is free for UDP and TCP alike
constexpr unsigned kBlockingThreads = 2;

struct BindError {
  Error why;
  const char* protocol;
};

Result<udp::socket> open_udp(Core& core, const udp::endpoint& at, bool shared) {
  Error error;
  udp::socket socket(core.io);
  socket.open(at.protocol(), error);
  if (!error && shared) socket.set_option(reuse_port(true), error);
  if (!error) socket.bind(at, error);
  if (error) return error;
  Error ignored;
  socket.set_option(asio::socket_base::receive_buffer_size(kSocketBuffer), ignored);
  socket.set_option(asio::socket_base::send_buffer_size(kSocketBuffer), ignored);
  socket.non_blocking(true, error);
  if (error) return error;
  return socket;
}

Result<tcp::acceptor> open_tcp(Core& core, const tcp::endpoint& at, bool shared) {
  Error error;
  tcp::acceptor acceptor(core.io);
  acceptor.open(at.protocol(), error);
  if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error && shared) acceptor.set_option(reuse_port(true), error);
  if (!error) acceptor.bind(at, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return error;
  return acceptor;
}

}  // namespace

struct Server::Impl {
  Impl(Directory& directory_, std::vector<ServedController> served_, ServerOptions options_)
      : directory(directory_), served(std::move(served_)), options(options_), pool(kBlockingThreads) {
    const unsigned count = options.cores ? options.cores : std::max(1u, std::thread::hardware_concurrency());
    for (unsigned i = 0; i < count; ++i) cores.push_back(std::make_unique<Core>(directory, pool, options));
  }
  ~Impl() {
    for (const auto& core : cores) core->io.stop();
    pool.stop();
    pool.join();
  }

  // Sockets that share a port let any process of the same user share it too: whether it is free is asked by one that
  // does not.
  Error is_free(const asio::ip::address& address, std::uint16_t port, bool with_tcp, const char*& protocol) {
    protocol = "UDP";
    if (Result<udp::socket> probe = open_udp(*cores.front(), {address, port}, false); !probe) return probe.error();
    protocol = "TCP";
    if (!with_tcp) return {};
    if (Result<tcp::acceptor> probe = open_tcp(*cores.front(), {address, port}, false); !probe) return probe.error();
    return {};
  }

  Error choose_port(const asio::ip::address& address, std::uint16_t& port, bool with_tcp, const char*& protocol) {
    if (port != 0) return is_free(address, port, with_tcp, protocol);
    Error error;
    for (int i = 0; i < kPortAttempts; ++i) {
      protocol = "UDP";
      std::uint16_t candidate = 0;
      {
        Result<udp::socket> probe = open_udp(*cores.front(), {address, 0}, false);
        if (!probe) return probe.error();
        candidate = probe->local_endpoint(error).port();
      }
      error = is_free(address, candidate, with_tcp, protocol);
      if (!error) {
        port = candidate;
        return {};
      }
    }
    return error;
  }

  Error open(const ServedController& controller, Service service, const asio::ip::address& address, std::uint16_t& port,
             const char*& protocol) {
    const bool with_tcp = service != Service::cldap;
    if (const Error error = choose_port(address, port, with_tcp, protocol)) return error;
    for (const auto& core : cores) {
      protocol = "UDP";
      Result<udp::socket> socket = open_udp(*core, {address, port}, true);
      if (!socket) return socket.error();
      core->udp.push_back(std::make_unique<UdpEndpoint>(*core, controller, service, std::move(*socket)));
      core->udp.back()->start();
      if (!with_tcp) continue;
      protocol = "TCP";
      Result<tcp::acceptor> acceptor = open_tcp(*core, {address, port}, true);
      if (!acceptor) return acceptor.error();
      serve_tcp(*core, controller, service, std::move(*acceptor));
    }
    return {};
  }

  Directory& directory;
  std::vector<ServedController> served;
  ServerOptions options;
  asio::thread_pool pool;
  std::vector<std::unique_ptr<Core>> cores;
  std::optional<asio::signal_set> signals;
};

Server::Server(Directory& directory, std::vector<ServedController> controllers, ServerOptions options)
    : impl_(std::make_unique<Impl>(directory, std::move(controllers), options)) {}
Server::~Server() = default;

const std::vector<ServedController>& Server::controllers() const {
  return impl_->served;
}

Result<void> Server::bind(std::string& what_failed) {
  // Before the first socket can tell anybody that it is there: who sees it may end it at once, and is kept for run() to
  // hear.
  impl_->signals.emplace(impl_->cores.front()->io, SIGTERM, SIGINT);
  for (ServedController& one : impl_->served) {
    Controller& dc = one.controller;
    Error error;
    const asio::ip::address address = asio::ip::make_address(dc.address, error);
    if (error) {
      what_failed = dc.name + ": " + dc.address + " is no IP address";
      return error;
    }
    struct Port {
      Service service;
      std::uint16_t& number;
    };
    for (const Port& port : {Port{Service::kerberos, dc.kerberos_port}, Port{Service::kpasswd, dc.kpasswd_port},
                             Port{Service::cldap, dc.ldap_port}}) {
      const char* protocol = "";
      error = impl_->open(one, port.service, address, port.number, protocol);
      if (!error) continue;
      const bool v6 = address.is_v6();
      what_failed = dc.name + ": cannot bind " + protocol + " " + (v6 ? "[" : "") + dc.address + (v6 ? "]:" : ":") +
                    std::to_string(port.number) + ": " + error.message();
      return error;
    }
  }
  return {};
}

void Server::run() {
  impl_->signals->async_wait([this](const Error& error, int) {
    if (!error) stop();
  });
  std::vector<std::thread> threads;
  for (std::size_t i = 1; i < impl_->cores.size(); ++i) {
    threads.emplace_back([this, i] {
      asio::io_context& io = impl_->cores[i]->io;
      const auto work = asio::make_work_guard(io);
      io.run();
    });
  }
  {
    asio::io_context& io = impl_->cores.front()->io;
    const auto work = asio::make_work_guard(io);
    io.run();
  }
  for (std::thread& thread : threads) thread.join();
}

void Server::stop() {
  for (const auto& core : impl_->cores) core->io.stop();
}

}  // namespace stead::kdc
