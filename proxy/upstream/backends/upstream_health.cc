#include "proxy/upstream/backends/upstream_health.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stead::proxy {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint32_t kMaxBrokenOff = 3;  // in a row
constexpr milliseconds kFirstWait{1000}, kMaxWait{60'000};
constexpr seconds kSilence{5};         // of a back end that has requests, before it is checked
constexpr seconds kBetweenDoubts{20};  // of one that passed: a slow answer is no outage
constexpr seconds kForget{120};        // after so long without an outage the back-off starts anew
constexpr double kColdest = 0.1;

milliseconds wait_after(int doublings) {
  return std::min(kFirstWait * (1 << std::min(doublings, 6)), kMaxWait);
}

Clock::rep ticks(Clock::time_point at) {
  return at.time_since_epoch().count();
}
Clock::time_point time_of(Clock::rep ticks) {
  return Clock::time_point(Clock::duration(ticks));
}

}  // namespace

BackEnd BackEnd::of(const Route& route, const Upstream& upstream) {
  BackEnd out{.upstream = upstream,
              .verify = route.upstream_verify,
              .ca = route.upstream_ca,
              .server_name = route.upstream_server_name,
              .certificate = route.upstream_certificate,
              .check = route.health};
  out.upstream.weight = 1;
  out.upstream.backup = false;
  if (out.check && out.check->kerberos) out.spn = route.spn;
  return out;
}

std::string BackEnd::key() const {
  std::string out = to_string(upstream);
  if (upstream.tls)
    out += (verify ? " verified by " : " unverified ") + ca + " as " + server_name + " by " + certificate.certificate;
  if (!check) return out;
  out += " " + check->path + " " + check->host + " " + spn + " " + std::to_string(check->interval.count()) + " " +
         std::to_string(check->timeout.count()) + " " + std::to_string(check->rise) + " " + std::to_string(check->fall);
  for (const int status : check->status) out += " " + std::to_string(status);
  return out;
}

UpstreamHealth::UpstreamHealth(BackEnd back_end)
    : back_end_(std::move(back_end)), name_(back_end_.upstream.host + ':' + std::to_string(back_end_.upstream.port)) {}

double UpstreamHealth::warmth(seconds slow_start, Clock::time_point now) const {
  if (slow_start.count() == 0) return 1;
  const Clock::rep since = up_since_.load(std::memory_order_relaxed);
  if (since == kAlways) return 1;
  const double share = std::chrono::duration<double>(now - time_of(since)) / std::chrono::duration<double>(slow_start);
  return std::clamp(share, kColdest, 1.0);
}

void UpstreamHealth::drain(bool on) {
  if (drained_.exchange(on) == on) return;
  spdlog::info("upstream {} {}", name_, on ? "is drained: it gets no new requests" : "gets requests again");
}

void UpstreamHealth::failed(Trouble trouble, std::string_view why, Clock::time_point now) {
  if (trouble == Trouble::broken_off && broken_off_.fetch_add(1, std::memory_order_relaxed) + 1 < kMaxBrokenOff) return;
  broken_off_.store(0, std::memory_order_relaxed);
  // It accepts connections, so it may be one request that is slow or broken: the check follows at once.
  const std::lock_guard lock(mutex_);
  take_out(why, now, trouble == Trouble::no_connection ? kFirstWait : milliseconds(0));
}

void UpstreamHealth::take_out(std::string_view why, Clock::time_point now, milliseconds first_wait) {
  if (!up_.load(std::memory_order_relaxed)) return;
  const Clock::rep since = up_since_.load(std::memory_order_relaxed);
  const bool flaps = since != kAlways && now - time_of(since) < kForget;
  back_off_ = flaps ? back_off_ + 1 : 0;
  const milliseconds wait = flaps ? wait_after(back_off_) : first_wait;
  next_check_ = now + wait;
  out_since_ = now;
  passed_ = missed_ = 0;
  out_by_checks_ = false;
  why_ = why;
  ++outages_;
  up_.store(false, std::memory_order_relaxed);
  spdlog::warn("upstream {} is out: {}", name_, why);
}

void UpstreamHealth::bring_back(Clock::time_point now) {
  up_since_.store(ticks(now), std::memory_order_relaxed);
  last_answer_.store(ticks(now), std::memory_order_relaxed);
  broken_off_.store(0, std::memory_order_relaxed);
  up_.store(true, std::memory_order_relaxed);
  missed_ = 0;
  why_.clear();
  const auto time = std::chrono::duration_cast<milliseconds>(now - out_since_);
  spdlog::info("upstream {} is up again after {:.1f} s", name_, static_cast<double>(time.count()) / 1000);
}

bool UpstreamHealth::waits_in_vain(Clock::time_point now) const {
  return requests_.load(std::memory_order_relaxed) >= kOneWaiting &&
         now - time_of(last_answer_.load(std::memory_order_relaxed)) > kSilence;
}

bool UpstreamHealth::begin_check(Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  if (checking_ || now < next_check_) return false;
  checking_ = back_end_.check || !is_up() || waits_in_vain(now);
  return checking_;
}

void UpstreamHealth::check_passed(Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  checking_ = false;
  no_verdict_.clear();
  missed_ = 0;
  ++passed_;
  next_check_ = now + (back_end_.check ? back_end_.check->interval : kBetweenDoubts);
  const int needed = out_by_checks_ ? back_end_.check->rise : 1;
  if (!is_up() && passed_ >= needed) bring_back(now);
}

void UpstreamHealth::check_failed(std::string_view why, Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  checking_ = false;
  no_verdict_.clear();
  passed_ = 0;
  ++missed_;
  ++failed_checks_;
  if (!is_up()) {
    why_ = why;
    const milliseconds wait = wait_after(++back_off_);
    next_check_ = now + (back_end_.check ? std::min<milliseconds>(wait, back_end_.check->interval) : wait);
    return;
  }
  next_check_ = now + (back_end_.check ? back_end_.check->interval : kBetweenDoubts);
  if (back_end_.check && missed_ < back_end_.check->fall) return;
  const int doublings = back_off_;
  take_out(why, now, back_end_.check ? milliseconds(back_end_.check->interval) : wait_after(doublings));
  out_by_checks_ = back_end_.check.has_value();
}

void UpstreamHealth::check_gave_no_verdict(std::string_view why, Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  checking_ = false;
  if (no_verdict_ != why) spdlog::warn("upstream {}: the check gives no verdict: {}", name_, why);
  no_verdict_ = why;
  next_check_ = now + (back_end_.check ? back_end_.check->interval : kBetweenDoubts);
}

UpstreamHealth::Report UpstreamHealth::report(Clock::time_point now) const {
  const std::lock_guard lock(mutex_);
  Report out{.up = is_up(),
             .drained = drained_,
             .why = why_,
             .in_flight = in_flight(),
             .outages = outages_,
             .failed_checks = failed_checks_};
  if (!out.up) out.since = std::chrono::duration_cast<seconds>(now - out_since_);
  return out;
}

InFlight::InFlight(UpstreamHealth& health, Clock::time_point now) : health_(&health), waits_(true) {
  constexpr std::uint64_t kOne = UpstreamHealth::kOneWaiting;
  if (health.requests_.fetch_add(kOne + 1, std::memory_order_relaxed) < kOne)
    health.last_answer_.store(ticks(now), std::memory_order_relaxed);
}

void InFlight::answered(Clock::time_point now) {
  if (!std::exchange(waits_, false)) return;
  health_->requests_.fetch_sub(UpstreamHealth::kOneWaiting, std::memory_order_relaxed);
  health_->last_answer_.store(ticks(now), std::memory_order_relaxed);
  if (health_->broken_off_.load(std::memory_order_relaxed) != 0)
    health_->broken_off_.store(0, std::memory_order_relaxed);
}

void InFlight::end() {
  if (health_ == nullptr) return;
  const std::uint64_t waiting = std::exchange(waits_, false) ? UpstreamHealth::kOneWaiting : 0;
  std::exchange(health_, nullptr)->requests_.fetch_sub(waiting + 1, std::memory_order_relaxed);
}

std::shared_ptr<UpstreamHealth> UpstreamHealths::of(BackEnd back_end) {
  const std::lock_guard lock(mutex_);
  std::erase_if(by_key_, [](const auto& entry) { return entry.second.expired(); });
  auto& known = by_key_[back_end.key()];
  auto out = known.lock();
  if (!out) {
    out = std::make_shared<UpstreamHealth>(std::move(back_end));
    known = out;
  }
  return out;
}

std::vector<std::shared_ptr<UpstreamHealth>> UpstreamHealths::all() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<UpstreamHealth>> out;
  for (const auto& [key, known] : by_key_)
    if (auto one = known.lock()) out.push_back(std::move(one));
  return out;
}

}  // namespace stead::proxy
