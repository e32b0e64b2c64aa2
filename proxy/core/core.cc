#include "proxy/core/core.h"

#include <chrono>
#include <memory>
#include <utility>

namespace stead::proxy {
namespace {
constexpr std::chrono::milliseconds kTick{250};
}

// The AS exchanges of users' passwords have other details. A demand for preauthentication is no answer yet.
void OwnSignOn::note(const TraceStep& step) {
  const bool own = step.exchange == "AS" && step.detail.starts_with("our own TGT");
  if (!own || step.answer == "KDC_ERR_PREAUTH_REQUIRED") return;
  at = std::chrono::system_clock::now();
  answer = step.answer;
  controller = step.controller.empty() ? step.address : step.controller;
}

Core::Core(unsigned number, const Logs& common)
    : index(number),
      logs(common),
      log(*common.access_log),
      names(std::make_shared<UpstreamNames>(io.get_executor())),
      timer_(io) {}

Core::~Core() {
  end_connections();
}

void Core::end_connections() {
  // The coroutines of connections refer to members behind `io`, so they end here and not in io's destructor.
  timer_.cancel();
  if (now) {
    now->pool.connector().stop();
    now->pool.clear();
  }
  watchdog.close_all();
  io.restart();
  io.poll();
}

void Core::begin(std::shared_ptr<Generation> next) {
  const std::shared_ptr<Generation> before = std::exchange(now, std::move(next));
  if (before) before->pool.retire();
}

void Core::start_ticking() {
  tick();
}

void Core::tick() {
  const auto time = Clock::now();
  watchdog.sweep(time);
  log.flush();
  if (now->tickets) metrics.keep_statistics(now->tickets->client().statistics());
  end_tunnels();
  // One core checks for all.
  if (index == 0 && !draining) now->health_checker.tick(time, now);
  if (++ticks_ % 4 == 0) now->pool.sweep(time);
  timer_.expires_after(kTick);
  timer_.async_wait([this](const Error& error) {
    if (!error) tick();
  });
}

void Core::replace_server_tls(std::shared_ptr<ServerTls> tls) {
  now->server_tls = std::move(tls);
  tunnels.close_where([](const Session& session) { return session.method == SignInMethod::certificate; });
}

void Core::end_tunnels() {
  const auto time = std::chrono::system_clock::now();
  tunnels.close_where(
      [&](const Session& session) { return now->sign_in ? now->sign_in->is_over(session) : session.expires <= time; });
}

void Core::drain() {
  draining = true;
  now->pool.clear();
  watchdog.close_idle();
  for (DrainListener& listener : drain_listeners) listener.begin_drain();
}

}  // namespace stead::proxy
