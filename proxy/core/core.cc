#include "proxy/core/core.h"

#include <chrono>
#include <memory>
#include <utility>

namespace stead::proxy {
namespace {
constexpr std::chrono::milliseconds kTick{250};
}

Core::Core(unsigned number, Shared& common)
    : index(number),
      shared(common),
      pool(io.get_executor(), common.config, *common.upstream_tls, watchdog, metrics),
      log(*common.access_log),
      forwarding{.executor = io.get_executor(),
                 .limits = common.config.limits,
                 .pool = pool,
                 .metrics = metrics,
                 .refused_tokens = refused_tokens,
                 .tickets = tickets,
                 .draining = draining,
                 .tunnels = tunnels,
                 .date = date},
      timer_(io) {}

Core::~Core() {
  end_connections();
}

void Core::end_connections() {
  // The coroutines of connections refer to members behind `io`, so they end here and not in io's destructor.
  timer_.cancel();
  pool.clear();
  watchdog.close_all();
  io.restart();
  io.poll();
}

void Core::start_ticking() {
  tick();
}

void Core::tick() {
  const auto now = Clock::now();
  watchdog.sweep(now);
  log.flush();
  if (tickets) metrics.keep_statistics(tickets->client().statistics());
  end_tunnels();
  if (++ticks_ % 4 == 0) pool.sweep(now);
  timer_.expires_after(kTick);
  timer_.async_wait([this](const Error& error) {
    if (!error) tick();
  });
}

void Core::replace_server_tls(std::shared_ptr<ServerTls> tls) {
  server_tls = std::move(tls);
  tunnels.close_where([](const Session& session) { return session.method == SignInMethod::certificate; });
}

void Core::end_tunnels() {
  if (sign_in) tunnels.close_where([this](const Session& session) { return sign_in->is_over(session); });
}

void Core::drain() {
  draining = true;
  pool.clear();
  watchdog.close_idle();
}

}  // namespace stead::proxy
