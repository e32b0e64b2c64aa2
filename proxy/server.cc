#include "proxy/server.h"

#include <signal.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "proxy/accept_clients.h"
#include "proxy/admin/admin.h"
#include "proxy/listener.h"
#include "proxy/observe/audit_log.h"
#include "proxy/observe/message_log.h"
#include "proxy/process/file_watch.h"
#include "proxy/process/secrets_in_memory.h"
#include "proxy/process/service_manager.h"

namespace stead::proxy {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {
constexpr auto as_result = asio::as_tuple(asio::deferred);
}

class Server::Parts {
 public:
  explicit Parts(Config config) : shared_(std::move(config)), admin_(cores_, shared_) {}
  Parts(const Parts&) = delete;
  Parts& operator=(const Parts&) = delete;
  ~Parts();

  Started<void> prepare();
  int run();
  [[nodiscard]] std::vector<std::uint16_t> ports() const;
  void stop() {
    asio::post(cores_.front()->io, [this] { begin_drain(); });
  }

 private:
  Checked<void> read_files();
  Checked<void> open_logs();
  void reopen_logs();
  Started<void> listen();
  Checked<void> make_sign_in_parts();
  void warn_of_routes() const;
  void use_server_tls(const std::shared_ptr<ServerTls>& tls);
  void read_server_tls_again();
  asio::awaitable<void> watch_signals();
  void begin_drain();
  asio::awaitable<void> stop_when_drained();
  [[nodiscard]] std::uint64_t open_connections() const;
  void run_core(Core& core);

  Shared shared_;
  std::optional<MessageLog> message_log_;
  std::vector<std::unique_ptr<Core>> cores_;
  Admin admin_;
  std::vector<std::vector<tcp::acceptor>> acceptors_;  // by endpoint, then core
  std::unique_ptr<tcp::acceptor> admin_acceptor_;
  std::unique_ptr<asio::signal_set> signals_;
  std::unique_ptr<FileWatch> tls_watch_;
  std::shared_ptr<ServerTls> first_tls_;  // until the cores have it
  bool draining_ = false, running_ = false;
};

Server::Parts::~Parts() {
  acceptors_.clear();
  admin_acceptor_.reset();
  signals_.reset();
  if (draining_) {  // a second SIGTERM must not change the exit status of a process that ends anyway
    ::signal(SIGTERM, SIG_IGN);
    ::signal(SIGINT, SIG_IGN);
  }
  // Cores use each other's tickets, so all of them drop theirs while every loop still exists.
  for (auto& core : cores_) core->end_connections();
  for (auto& core : cores_) {
    core->sign_in.reset();
    core->tickets.reset();
  }
  cores_.clear();
  write_audit_to(nullptr);
}

Checked<void> Server::Parts::read_files() {
  const Config& config = shared_.config;
  auto server_tls = ServerTls::open(config);
  if (!server_tls) return server_tls.error();
  first_tls_ = std::move(*server_tls);
  auto upstream_tls = UpstreamTls::open(config);
  if (!upstream_tls) return upstream_tls.error();
  shared_.upstream_tls = std::move(*upstream_tls);
  return open_logs();
}

Checked<void> Server::Parts::open_logs() {
  const Config& config = shared_.config;
  auto messages = LogWriter::open("", "the log");
  if (!messages) return messages.error();
  shared_.messages = std::move(*messages);
  message_log_.emplace(*shared_.messages);
  auto access_log = LogWriter::open(config.access_log, "the access log");
  if (!access_log) return access_log.error();
  shared_.access_log = std::move(*access_log);
  if (config.audit_log.empty()) return {};
  auto audit_log = LogWriter::open(config.audit_log, "the audit log");
  if (!audit_log) return audit_log.error();
  shared_.audit_log = std::move(*audit_log);
  write_audit_to(shared_.audit_log.get());
  return {};
}

void Server::Parts::reopen_logs() {
  shared_.access_log->reopen();
  if (shared_.audit_log) shared_.audit_log->reopen();
  spdlog::info("SIGHUP: the log files are opened again; a change of the configuration needs a restart");
}

Started<void> Server::Parts::prepare() {
  if (auto read = read_files(); !read) return StartFailure(read.error());
  const unsigned wanted = shared_.config.threads;
  const unsigned threads = wanted > 0 ? wanted : std::max(1U, std::thread::hardware_concurrency());
  for (unsigned i = 0; i < threads; ++i) cores_.push_back(std::make_unique<Core>(i, shared_));
  use_server_tls(std::exchange(first_tls_, nullptr));
  // Signals are caught before the first socket shows that the proxy runs; run() handles those that came by then.
  signals_ = std::make_unique<asio::signal_set>(cores_.front()->io, SIGTERM, SIGINT, SIGHUP);
  if (auto listening = listen(); !listening) return listening;
  if (auto made = make_sign_in_parts(); !made) return StartFailure(made.error());
  return {};
}

// Before the cores run it is set at once, later by their loops.
void Server::Parts::use_server_tls(const std::shared_ptr<ServerTls>& tls) {
  if (!tls) return;
  for (const std::string& warning : tls->warnings()) spdlog::warn("{}", warning);
  for (auto& core : cores_) {
    if (!running_)
      core->server_tls = tls;
    else
      asio::post(core->io, [&core, tls] { core->replace_server_tls(tls); });
  }
}

void Server::Parts::read_server_tls_again() {
  const auto tls = ServerTls::open(shared_.config);
  if (!tls) {
    spdlog::error("{}; the files read before stay in use", to_string(tls.error()));
    return;
  }
  use_server_tls(*tls);
  spdlog::info("certificates, keys and revocation lists were read again");
}

Started<void> Server::Parts::listen() {
  std::vector<asio::io_context*> loops;
  for (auto& core : cores_) loops.push_back(&core->io);
  for (Endpoint& endpoint : shared_.config.listen) {
    auto acceptors = listen_at(endpoint, loops);
    if (!acceptors) return acceptors.error();
    acceptors_.push_back(std::move(*acceptors));
  }
  if (!shared_.config.admin) return {};
  auto acceptors = listen_at(*shared_.config.admin, {loops.front()});
  if (!acceptors) return acceptors.error();
  admin_acceptor_ = std::make_unique<tcp::acceptor>(std::move(acceptors->front()));
  return {};
}

void Server::Parts::warn_of_routes() const {
  for (const Route& route : shared_.config.routes)
    if (route.host.empty() && route.upstream_host == UpstreamHost::client)
      spdlog::warn(
          "the route of {} names no host: its back end gets whatever Host a client sends; set host or upstream_host",
          route.path);
}

Checked<void> Server::Parts::make_sign_in_parts() {
  const Config& config = shared_.config;
  const bool users = std::any_of(config.routes.begin(), config.routes.end(),
                                 [](const Route& route) { return !route.sign_in.empty(); });
  if (!users && !config.kerberos && !config.forms && !config.certificate_sign_in) return {};
  std::vector<asio::any_io_executor> executors;
  for (auto& core : cores_) executors.emplace_back(core->io.get_executor());
  const auto count = [this](std::size_t core, const TraceStep& step) { cores_[core]->metrics.kdc.add(step); };
  const auto tickets = open_backend_tickets(executors, config.client, count);
  if (!tickets) return tickets.error();
  const auto sign_in = make_sign_in(config, *tickets);
  if (!sign_in) return sign_in.error();
  for (std::size_t i = 0; i < cores_.size(); ++i) {
    cores_[i]->tickets = (*tickets)[i];
    cores_[i]->sign_in = (*sign_in)[i];
  }
  return {};
}

std::vector<std::uint16_t> Server::Parts::ports() const {
  std::vector<std::uint16_t> out;
  for (const Endpoint& endpoint : shared_.config.listen) out.push_back(endpoint.port);
  if (shared_.config.admin) out.push_back(shared_.config.admin->port);
  return out;
}

asio::awaitable<void> Server::Parts::watch_signals() {
  while (true) {
    const auto [error, number] = co_await signals_->async_wait(as_result);
    if (error) co_return;
    if (number == SIGHUP) {
      reopen_logs();
      continue;
    }
    if (draining_) ::_exit(0);
    spdlog::info("signal {}: requests in flight end, no new ones are taken", number);
    begin_drain();
  }
}

void Server::Parts::begin_drain() {
  if (draining_) return;
  draining_ = true;
  admin_.set_ready(false);
  notify_service_manager("STOPPING=1");
  for (std::size_t i = 0; i < cores_.size(); ++i) {
    asio::post(cores_[i]->io, [this, i] {
      for (auto& of_endpoint : acceptors_) {
        Error ignored;
        of_endpoint[i].close(ignored);
      }
      cores_[i]->drain();
    });
  }
  asio::co_spawn(cores_.front()->io, stop_when_drained(), log_exception);
}

std::uint64_t Server::Parts::open_connections() const {
  std::uint64_t open = 0;
  for (const auto& core : cores_) open += core->metrics.client_connections_now.value();
  return open;
}

asio::awaitable<void> Server::Parts::stop_when_drained() {
  const auto deadline = Clock::now() + shared_.config.limits.drain_timeout;
  asio::steady_timer timer(cores_.front()->io);
  do {
    timer.expires_after(std::chrono::milliseconds(50));
    (void)co_await timer.async_wait(as_result);
  } while (open_connections() > 0 && Clock::now() < deadline);
  if (const std::uint64_t left = open_connections(); left > 0) {
    spdlog::warn("{} connections did not end in time and are closed", left);
    for (auto& core : cores_) asio::post(core->io, [&core] { core->watchdog.close_all(); });
    timer.expires_after(std::chrono::milliseconds(200));
    (void)co_await timer.async_wait(as_result);
  }
  if (admin_acceptor_) {
    Error ignored;
    admin_acceptor_->close(ignored);
  }
  for (auto& core : cores_)
    asio::post(core->io, [&core] {
      core->log.flush();
      core->io.stop();
    });
}

void Server::Parts::run_core(Core& core) {
  const Limits& limits = shared_.config.limits;
  const auto share = [this](std::size_t limit) { return std::max<std::size_t>(1, limit / cores_.size()); };
  core.clients.set_limits(share(limits.connections), share(limits.connections_per_address));
  for (auto& of_endpoint : acceptors_)
    asio::co_spawn(core.io, accept_clients(of_endpoint[core.index], core), log_exception);
  core.start_ticking();
  const auto work = asio::make_work_guard(core.io);
  while (!core.io.stopped()) {
    try {
      core.io.run();
    } catch (...) {
      log_exception(std::current_exception());
    }
  }
}

int Server::Parts::run() {
  ::signal(SIGPIPE, SIG_IGN);
  Core& first = *cores_.front();
  asio::co_spawn(first.io, watch_signals(), log_exception);
  if (admin_acceptor_) asio::co_spawn(first.io, accept_administrators(*admin_acceptor_, first, admin_), log_exception);
  running_ = true;
  const bool tls = first.server_tls != nullptr;
  if (tls)
    tls_watch_ = std::make_unique<FileWatch>(ServerTls::files(shared_.config), [this] { read_server_tls_again(); });
  std::vector<std::thread> threads;
  for (std::size_t i = 1; i < cores_.size(); ++i) threads.emplace_back([this, i] { run_core(*cores_[i]); });
  admin_.set_ready(true);
  if (runs_as_root()) spdlog::warn("the proxy runs as root; run it as a user of its own, as stead-proxy.service does");
  warn_of_routes();
  for (const Endpoint& endpoint : shared_.config.listen)
    spdlog::info("listening at {}://{}:{}", tls ? "https" : "http", endpoint.address, endpoint.port);
  notify_service_manager("READY=1");
  run_core(first);
  for (std::thread& thread : threads) thread.join();
  tls_watch_.reset();
  return 0;
}

Server::Server(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Server::~Server() = default;

Started<std::unique_ptr<Server>> Server::open(Config config) {
  auto parts = std::make_unique<Parts>(std::move(config));
  if (auto prepared = parts->prepare(); !prepared) return prepared.error();
  return std::unique_ptr<Server>(new Server(std::move(parts)));
}

int Server::run() {
  return parts_->run();
}

std::vector<std::uint16_t> Server::ports() const {
  return parts_->ports();
}

void Server::stop() {
  parts_->stop();
}

}  // namespace stead::proxy
