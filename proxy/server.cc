#include "proxy/server.h"

#include <pthread.h>
#include <signal.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <thread>

#include "proxy/admin.h"
#include "proxy/file_watch.h"
#include "proxy/http1_connection.h"
#include "proxy/listener.h"
#include "proxy/service_manager.h"

namespace stead::proxy {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr auto as_result = asio::as_tuple(asio::deferred);
constexpr std::chrono::milliseconds kPause{100};  // after an accept that failed: descriptors may be short

void log_stray(const std::exception_ptr& problem) {
  if (!problem) return;
  try {
    std::rethrow_exception(problem);
  } catch (const std::exception& error) {
    spdlog::error("a connection ended by an exception: {}", error.what());
  } catch (...) {
    spdlog::error("a connection ended by an exception");
  }
}

class ServerOfCores final : public Server {
 public:
  explicit ServerOfCores(Config config) : shared_(std::move(config)), admin_(cores_, shared_) {}
  ~ServerOfCores() override {
    acceptors_.clear();
    admin_acceptor_.reset();
    signals_.reset();
    // A core's tickets are asked for by every other one: all of them let go of theirs, sockets and timers, while every
    // loop is there.
    for (auto& core : cores_) core->end_connections();
    for (auto& core : cores_) {
      core->sign_in.reset();
      core->tickets.reset();
    }
    cores_.clear();
  }

  bool prepare(StartFailure& failure);
  int run() override;
  [[nodiscard]] std::vector<std::uint16_t> ports() const override {
    std::vector<std::uint16_t> out;
    for (const Endpoint& endpoint : shared_.config.listen) out.push_back(endpoint.port);
    if (shared_.config.admin) out.push_back(shared_.config.admin->port);
    return out;
  }
  void stop() override {
    asio::post(cores_.front()->io, [this] { begin_end(); });
  }

 private:
  void use_server_tls(const std::shared_ptr<ServerTls>& tls);
  void read_server_tls_again();
  bool listen(StartFailure& failure);
  bool make_sign_in_parts(StartFailure& failure);
  asio::awaitable<void> accept(tcp::acceptor& acceptor, Core& core);
  asio::awaitable<void> accept_admin();
  asio::awaitable<void> watch_signals();
  asio::awaitable<void> end_when_quiet();
  void begin_end();
  void run_core(Core& core);

  Shared shared_;
  std::vector<std::unique_ptr<Core>> cores_;
  Admin admin_;
  std::vector<std::vector<tcp::acceptor>> acceptors_;  // by endpoint, then core
  std::unique_ptr<tcp::acceptor> admin_acceptor_;
  std::unique_ptr<asio::signal_set> signals_;
  std::unique_ptr<FileWatch> tls_watch_;
  bool ending_ = false, running_ = false;
};

bool ServerOfCores::prepare(StartFailure& failure) {
  Config& config = shared_.config;
  const auto server_tls = ServerTls::open(config);
  if (!server_tls) {
    failure.message = to_string(server_tls.error());
    return false;
  }
  auto upstream_tls = UpstreamTls::open(config);
  if (!upstream_tls) {
    failure.message = to_string(upstream_tls.error());
    return false;
  }
  shared_.upstream_tls = std::move(*upstream_tls);
  auto access_log = AccessLog::open(config.access_log);
  if (!access_log) {
    failure.message = to_string(access_log.error());
    return false;
  }
  shared_.access_log = std::move(*access_log);
  const unsigned threads = config.threads > 0 ? config.threads : std::max(1U, std::thread::hardware_concurrency());
  for (unsigned i = 0; i < threads; ++i) cores_.push_back(std::make_unique<Core>(i, shared_));
  use_server_tls(*server_tls);
  // Before the first socket shows that somebody is here, who may be told to end at once; run() hears what came by then.
  signals_ = std::make_unique<asio::signal_set>(cores_.front()->io, SIGTERM, SIGINT);
  if (!listen(failure)) return false;
  return make_sign_in_parts(failure);
}

// At once before the cores run, else by their loops.
void ServerOfCores::use_server_tls(const std::shared_ptr<ServerTls>& tls) {
  if (!tls) return;
  for (const std::string& warning : tls->warnings()) spdlog::warn("{}", warning);
  for (auto& core : cores_) {
    if (!running_)
      core->server_tls = tls;
    else
      asio::post(core->io, [&core, tls] { core->server_tls = tls; });
  }
}

void ServerOfCores::read_server_tls_again() {
  const auto tls = ServerTls::open(shared_.config);
  if (!tls) return spdlog::error("{}; the files read before stay in use", to_string(tls.error()));
  use_server_tls(*tls);
  spdlog::info("certificates, keys and revocation lists were read again");
}

bool ServerOfCores::listen(StartFailure& failure) {
  std::vector<asio::io_context*> loops;
  for (auto& core : cores_) loops.push_back(&core->io);
  ListenFailure why;
  for (Endpoint& endpoint : shared_.config.listen) {
    auto acceptors = listen_at(endpoint, loops, why);
    if (!acceptors) {
      failure = {.status = why.taken ? 1 : 2, .message = why.message};
      return false;
    }
    acceptors_.push_back(std::move(*acceptors));
  }
  if (shared_.config.admin) {
    auto acceptors = listen_at(*shared_.config.admin, {loops.front()}, why);
    if (!acceptors) {
      failure = {.status = why.taken ? 1 : 2, .message = why.message};
      return false;
    }
    admin_acceptor_ = std::make_unique<tcp::acceptor>(std::move(acceptors->front()));
  }
  return true;
}

bool ServerOfCores::make_sign_in_parts(StartFailure& failure) {
  const Config& config = shared_.config;
  const bool users = std::any_of(config.routes.begin(), config.routes.end(),
                                 [](const Route& route) { return !route.sign_in.empty(); });
  if (!users && !config.kerberos && !config.forms && !config.certificate_sign_in) return true;
  std::vector<asio::any_io_executor> executors;
  for (auto& core : cores_) executors.emplace_back(core->io.get_executor());
  const auto count = [this](std::size_t core, const TraceStep& step) { cores_[core]->metrics.kdc.add(step); };
  auto tickets = make_backend_tickets(executors, config.client, count, failure.message);
  if (!tickets) {
    if (failure.message.empty()) failure.message = config.client.keytab + ": " + tickets.error().message();
    return false;
  }
  auto sign_in = make_sign_in(config, *tickets);
  if (!sign_in) {
    failure.message = to_string(sign_in.error());
    return false;
  }
  for (std::size_t i = 0; i < cores_.size(); ++i) {
    cores_[i]->tickets = (*tickets)[i];
    cores_[i]->sign_in = (*sign_in)[i];
  }
  return true;
}

asio::awaitable<void> ServerOfCores::accept(tcp::acceptor& acceptor, Core& core) {
  const std::size_t most = std::max<std::size_t>(1, shared_.config.limits.connections / cores_.size());
  while (!core.draining) {
    auto [error, socket] = co_await acceptor.async_accept(as_result);
    if (error == asio::error::operation_aborted || !acceptor.is_open()) co_return;
    if (error) {
      asio::steady_timer pause(core.io, kPause);
      (void)co_await pause.async_wait(as_result);
      continue;
    }
    if (core.connections >= most) continue;  // the socket closes
    auto serve = [](std::unique_ptr<Http1Connection> connection) -> asio::awaitable<void> {
      co_await connection->run();
    };
    asio::co_spawn(core.io, serve(std::make_unique<Http1Connection>(core, std::move(socket))), log_stray);
  }
}

asio::awaitable<void> ServerOfCores::accept_admin() {
  Core& core = *cores_.front();
  while (true) {
    auto [error, socket] = co_await admin_acceptor_->async_accept(as_result);
    if (error == asio::error::operation_aborted || !admin_acceptor_->is_open()) co_return;
    if (error) {
      asio::steady_timer pause(core.io, kPause);
      (void)co_await pause.async_wait(as_result);
      continue;
    }
    asio::co_spawn(core.io, admin_.serve(std::move(socket), core), log_stray);
  }
}

asio::awaitable<void> ServerOfCores::watch_signals() {
  while (true) {
    const auto [error, number] = co_await signals_->async_wait(as_result);
    if (error) co_return;
    if (ending_) ::_exit(0);
    spdlog::info("signal {}: requests in flight end, no new ones are taken", number);
    begin_end();
  }
}

void ServerOfCores::begin_end() {
  if (ending_) return;
  ending_ = true;
  admin_.set_ready(false);
  tell_service_manager("STOPPING=1");
  for (std::size_t i = 0; i < cores_.size(); ++i) {
    asio::post(cores_[i]->io, [this, i] {
      for (auto& of_endpoint : acceptors_) {
        Error ignored;
        of_endpoint[i].close(ignored);
      }
      cores_[i]->drain();
    });
  }
  asio::co_spawn(cores_.front()->io, end_when_quiet(), log_stray);
}

asio::awaitable<void> ServerOfCores::end_when_quiet() {
  const auto deadline = Clock::now() + shared_.config.limits.drain_timeout;
  asio::steady_timer timer(cores_.front()->io);
  const auto open_now = [this] {
    std::uint64_t open = 0;
    for (const auto& core : cores_) open += core->metrics.client_connections_now.value();
    return open;
  };
  do {
    timer.expires_after(std::chrono::milliseconds(50));
    (void)co_await timer.async_wait(as_result);
  } while (open_now() > 0 && Clock::now() < deadline);
  if (const std::uint64_t left = open_now(); left > 0) {
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

void ServerOfCores::run_core(Core& core) {
  for (auto& of_endpoint : acceptors_) asio::co_spawn(core.io, accept(of_endpoint[core.index], core), log_stray);
  core.start_ticking();
  const auto work = asio::make_work_guard(core.io);
  while (!core.io.stopped()) {
    try {
      core.io.run();
    } catch (...) {
      log_stray(std::current_exception());
    }
  }
}

int ServerOfCores::run() {
  ::signal(SIGPIPE, SIG_IGN);
  asio::co_spawn(cores_.front()->io, watch_signals(), log_stray);
  if (admin_acceptor_) asio::co_spawn(cores_.front()->io, accept_admin(), log_stray);
  running_ = true;
  const bool tls = cores_.front()->server_tls != nullptr;
  if (tls)
    tls_watch_ = std::make_unique<FileWatch>(ServerTls::files(shared_.config), [this] { read_server_tls_again(); });
  std::vector<std::thread> threads;
  for (std::size_t i = 1; i < cores_.size(); ++i) threads.emplace_back([this, i] { run_core(*cores_[i]); });
  admin_.set_ready(true);
  for (const Endpoint& endpoint : shared_.config.listen)
    spdlog::info("listening at {}://{}:{}", tls ? "https" : "http", endpoint.address, endpoint.port);
  tell_service_manager("READY=1");
  run_core(*cores_.front());
  for (std::thread& thread : threads) thread.join();
  tls_watch_.reset();
  return 0;
}

}  // namespace

std::unique_ptr<Server> Server::open(Config config, StartFailure& failure) {
  auto server = std::make_unique<ServerOfCores>(std::move(config));
  if (!server->prepare(failure)) return nullptr;
  return server;
}

}  // namespace stead::proxy
