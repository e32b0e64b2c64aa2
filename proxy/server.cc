#include "proxy/server.h"

#include <signal.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "proxy/admin/admin.h"
#include "proxy/admin/admin_api.h"
#include "proxy/core/other_threads.h"
#include "proxy/core_loops.h"
#include "proxy/load_generation.h"
#include "proxy/observe/log_exception.h"
#include "proxy/process/file_watch.h"
#include "proxy/process/secrets_in_memory.h"
#include "proxy/process/service_manager.h"
#include "proxy/server_logs.h"
#include "proxy/server_ports.h"
#include "proxy/sign_in/sign_in_state.h"

namespace stead::proxy {

namespace asio = boost::asio;
namespace {

constexpr auto as_result = asio::as_tuple(asio::deferred);

}  // namespace

class Server::Parts {
 public:
  explicit Parts(Config config);
  Parts(const Parts&) = delete;
  Parts& operator=(const Parts&) = delete;
  ~Parts();

  Started<void> prepare();
  int run();
  [[nodiscard]] std::vector<std::uint16_t> ports() const { return ports_->numbers(); }
  void stop() {
    asio::post(cores_.front()->io, [this] { begin_drain(); });
  }

 private:
  void use(const Loaded& loaded);
  asio::awaitable<void> watch_signals();
  void begin_drain();
  asio::awaitable<std::string> reload_and_tell();  // why it was refused; empty: it is in use
  asio::awaitable<void> note_history();
  asio::awaitable<void> be_a_lame_duck(std::chrono::seconds time);
  void drain();
  asio::awaitable<void> stop_when_drained();
  [[nodiscard]] std::uint64_t open_connections() const;

  // A reading at a time: the configuration with all that it names, or only the files of TLS.
  void read_again(bool& wanted);
  asio::awaitable<void> read_what_is_wanted();
  asio::awaitable<void> read_configuration();
  asio::awaitable<void> read_tls_files();
  Started<void> change_to(Loaded next);
  void watch_tls_files();

  Config start_;  // until prepare() has used it
  ServerLogs logs_;
  std::vector<std::unique_ptr<Core>> cores_;
  Admin admin_;
  LoadContext context_;
  Loaded loaded_;
  std::unique_ptr<AdminApi> api_;
  std::unique_ptr<ServerPorts> ports_;
  std::string last_refusal_;  // of a reload; empty: it was used
  std::unique_ptr<asio::signal_set> signals_;
  std::unique_ptr<FileWatch> tls_watch_;
  std::unique_ptr<asio::thread_pool> reader_;  // waits for disks, so that no loop does
  bool configuration_wanted_ = false, tls_files_wanted_ = false, reading_ = false;
  bool draining_ = false, running_ = false;
};

Server::Parts::Parts(Config config) : start_(std::move(config)), admin_(cores_) {}

Server::Parts::~Parts() {
  tls_watch_.reset();
  reader_.reset();
  if (ports_) ports_->drop();
  signals_.reset();
  if (draining_) {  // a second SIGTERM must not change the exit status of a process that ends anyway
    ::signal(SIGTERM, SIG_IGN);
    ::signal(SIGINT, SIG_IGN);
  }
  // Cores use each other's tickets, so all of them drop theirs while every loop still exists.
  for (auto& core : cores_) core->end_connections();
  loaded_ = {};
  for (auto& core : cores_) core->now.reset();
  if (context_.memory) context_.memory->pool.join();
  for (auto& core : cores_) core->end_connections();  // tickets end in their loops
  cores_.clear();
}

Started<void> Server::Parts::prepare() {
  if (auto opened = logs_.open(start_); !opened) return StartFailure(opened.error());
  const unsigned wanted = start_.threads;
  const unsigned threads = wanted > 0 ? wanted : std::max(1U, std::thread::hardware_concurrency());
  for (unsigned i = 0; i < threads; ++i) {
    cores_.push_back(std::make_unique<Core>(i, logs_.get()));
    cores_.back()->healths = cores_.front()->healths;
    cores_.back()->rates = cores_.front()->rates;
  }
  // Signals are caught before the first socket shows that the proxy runs; run() handles those that came by then.
  signals_ = std::make_unique<asio::signal_set>(cores_.front()->io, SIGTERM, SIGINT, SIGHUP);
  for (const int more : {SIGUSR1, SIGUSR2}) signals_->add(more);
  for (auto& core : cores_) context_.executors.emplace_back(core->io.get_executor());
  context_.on_step = [this](std::size_t core, const TraceStep& step) {
    cores_[core]->metrics.kdc.add(step);
    cores_[core]->own_sign_on.note(step);
  };
  context_.memory = make_sign_in_memory();
  context_.ticket_keys = std::make_shared<TicketKeys>();
  auto loaded = load_generation(std::move(start_), context_, {});
  if (!loaded) return StartFailure(loaded.error());
  use(*loaded);
  api_ = std::make_unique<AdminApi>(cores_, admin_, context_.memory, [this] { return reload_and_tell(); });
  ports_ = std::make_unique<ServerPorts>(cores_, admin_, *api_);
  return ports_->open_first(loaded_.settings->config);
}

// Before the loops run it is done at once, later in each loop.
void Server::Parts::use(const Loaded& loaded) {
  loaded_ = loaded;
  const Limits& limits = loaded_.settings->config.limits;
  use_login_limits(*context_.memory, limits);
  if (loaded_.server_tls)
    for (const std::string& warning : loaded_.server_tls->warnings()) spdlog::warn("{}", warning);
  const auto share = [this](std::size_t limit) { return std::max<std::size_t>(1, limit / cores_.size()); };
  for (auto& core : cores_) {
    const auto begin = [&core = *core, next = loaded_, all = share(limits.connections),
                        of_address = share(limits.connections_per_address)] {
      core.begin(next.generation_of(core));
      core.clients.set_limits(all, of_address);
    };
    if (running_)
      asio::post(core->io, begin);
    else
      begin();
  }
}

// A reading that is under way may have begun before the file was changed: the last one counts.
asio::awaitable<std::string> Server::Parts::reload_and_tell() {
  read_again(configuration_wanted_);
  asio::steady_timer timer(cores_.front()->io);
  while (reading_) {
    timer.expires_after(std::chrono::milliseconds(20));
    (void)co_await timer.async_wait(as_result);
  }
  co_return last_refusal_;
}

asio::awaitable<void> Server::Parts::note_history() {
  asio::steady_timer timer(cores_.front()->io);
  while (true) {
    admin_.note_history();
    timer.expires_after(std::chrono::seconds(5));
    (void)co_await timer.async_wait(as_result);
  }
}

// --- the configuration is read again ---

void Server::Parts::read_again(bool& wanted) {
  wanted = true;
  if (std::exchange(reading_, true)) return;
  asio::co_spawn(cores_.front()->io, read_what_is_wanted(), [this](const std::exception_ptr& problem) {
    reading_ = false;
    log_exception(problem);
  });
}

asio::awaitable<void> Server::Parts::read_what_is_wanted() {
  while (configuration_wanted_ || tls_files_wanted_) {
    tls_files_wanted_ = false;
    if (std::exchange(configuration_wanted_, false))
      co_await read_configuration();
    else
      co_await read_tls_files();
  }
}

asio::awaitable<void> Server::Parts::read_configuration() {
  notify_reloading();
  std::function<asio::awaitable<Checked<Loaded>>()> read = [this,
                                                            before = loaded_]() -> asio::awaitable<Checked<Loaded>> {
    auto config = read_config(before.settings->config.file);
    if (!config) co_return config.error();
    co_return load_generation(std::move(*config), context_, before);
  };
  auto next = co_await run_on_thread(*reader_, std::move(read));
  std::string refused;
  if (!next)
    refused = to_string(next.error());
  else if (const auto changed = change_to(std::move(*next)); !changed)
    refused = to_string(changed.error().problem);
  last_refusal_ = refused;
  Core& first = *cores_.front();
  (refused.empty() ? first.metrics.reloads : first.metrics.reloads_refused).add();
  if (refused.empty())
    spdlog::info("the configuration was read again and is in use");
  else
    spdlog::error("{}; the configuration read before stays in use", refused);
  notify_service_manager("READY=1");
}

// What may fail comes first: then nothing has changed.
Started<void> Server::Parts::change_to(Loaded next) {
  if (draining_) return StartFailure(Problem{.message = "the proxy is ending", .where = {}, .fix = {}});
  const Config& config = next.settings->config;
  auto ports = ports_->open(config);
  if (!ports) return ports.error();
  if (auto changed = logs_.change_to(config); !changed) return StartFailure(changed.error());
  const Config& before = loaded_.settings->config;
  if (config.threads != before.threads)
    spdlog::warn("{}: [server] threads changed, which needs a restart", config.file);
  use(next);
  ports_->use(std::move(*ports));
  watch_tls_files();
  warn_of_routes(config);
  return {};
}

asio::awaitable<void> Server::Parts::read_tls_files() {
  using Read = Checked<std::shared_ptr<ServerTls>>;
  std::function<asio::awaitable<Read>()> read = [settings = loaded_.settings,
                                                 keys = context_.ticket_keys]() -> asio::awaitable<Read> {
    co_return ServerTls::open(settings->config, keys);
  };
  const Read tls = co_await run_on_thread(*reader_, std::move(read));
  if (!tls) {
    spdlog::error("{}; the files read before stay in use", to_string(tls.error()));
    co_return;
  }
  loaded_.server_tls = *tls;
  for (const std::string& warning : (*tls)->warnings()) spdlog::warn("{}", warning);
  for (auto& core : cores_) asio::post(core->io, [&core, tls = *tls] { core->replace_server_tls(tls); });
  spdlog::info("certificates, keys and revocation lists were read again");
}

void Server::Parts::watch_tls_files() {
  tls_watch_.reset();
  if (!loaded_.server_tls) return;
  tls_watch_ = std::make_unique<FileWatch>(ServerTls::files(loaded_.settings->config), loaded_.tls_files, [this] {
    asio::post(cores_.front()->io, [this] { read_again(tls_files_wanted_); });
  });
}

// --- start, signals, end ---

asio::awaitable<void> Server::Parts::watch_signals() {
  while (true) {
    const auto [error, number] = co_await signals_->async_wait(as_result);
    if (error) co_return;
    if (number == SIGUSR2) continue;  // means nothing, and must not end the process
    if (number == SIGHUP || number == SIGUSR1) {
      logs_.reopen();
      if (number == SIGHUP && !draining_) read_again(configuration_wanted_);
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
  const std::chrono::seconds lame_duck = loaded_.settings->config.limits.lame_duck;
  if (lame_duck.count() == 0) return drain();
  spdlog::info("not ready from now on; connections are accepted for {} s more", lame_duck.count());
  asio::co_spawn(cores_.front()->io, be_a_lame_duck(lame_duck), log_exception);
}

// Load balancers need time to see that this proxy is not ready.
asio::awaitable<void> Server::Parts::be_a_lame_duck(std::chrono::seconds time) {
  asio::steady_timer timer(cores_.front()->io, time);
  (void)co_await timer.async_wait(as_result);
  drain();
}

void Server::Parts::drain() {
  ports_->close_to_clients();
  for (auto& core : cores_) asio::post(core->io, [&core] { core->drain(); });
  asio::co_spawn(cores_.front()->io, stop_when_drained(), log_exception);
}

std::uint64_t Server::Parts::open_connections() const {
  std::uint64_t open = 0;
  for (const auto& core : cores_) open += core->metrics.client_connections_now.value();
  return open;
}

asio::awaitable<void> Server::Parts::stop_when_drained() {
  const auto deadline = Clock::now() + loaded_.settings->config.limits.drain_timeout;
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
  ports_->close_to_administrators();
  for (auto& core : cores_)
    asio::post(core->io, [&core] {
      core->log.flush();
      core->io.stop();
    });
}

int Server::Parts::run() {
  ::signal(SIGPIPE, SIG_IGN);
  Core& first = *cores_.front();
  reader_ = std::make_unique<asio::thread_pool>(1);
  asio::co_spawn(first.io, watch_signals(), log_exception);
  asio::co_spawn(first.io, note_history(), log_exception);
  running_ = true;
  const Config& config = loaded_.settings->config;
  watch_tls_files();
  std::vector<std::thread> threads;
  for (std::size_t i = 1; i < cores_.size(); ++i) threads.emplace_back([this, i] { run_loop(*cores_[i]); });
  admin_.set_ready(true);
  if (runs_as_root()) spdlog::warn("the proxy runs as root; run it as a user of its own, as stead-proxy.service does");
  warn_of_routes(config);
  for (const auto& port : ports_->clients())
    spdlog::info("listening at {}://{}:{}", config.speaks_https_at(port.asked) ? "https" : "http", port.asked.address,
                 port.number);
  notify_service_manager("READY=1");
  if (const auto interval = watchdog_interval())
    asio::co_spawn(first.io, feed_watchdog(cores_, *interval / 2), log_exception);
  run_loop(first);
  for (std::thread& thread : threads) thread.join();
  tls_watch_.reset();
  reader_->join();
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
