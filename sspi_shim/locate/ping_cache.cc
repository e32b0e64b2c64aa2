#include "sspi_shim/locate/ping_cache.h"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "sspi_shim/locate/bounded_table.h"

namespace stead {
namespace asio = boost::asio;

namespace {

std::string text_of(const ControllerAddress& where) {
  return ' ' + where.address + ' ' + std::to_string(where.ldap_port);
}

std::string key_of(const PingTarget& target) {
  return target.domain + text_of(target.where);
}

}  // namespace

PingCache::PingCache(asio::any_io_executor executor, LocatorTimes times, std::shared_ptr<ControllerHealth> health)
    : executor_(std::move(executor)),
      times_(std::move(times)),
      health_(std::move(health)),
      under_way_(std::make_shared<SharedWork<PingOutcome>>(executor_)) {}

asio::awaitable<PingOutcome> PingCache::ping(PingTarget target, std::chrono::milliseconds timeout) {
  SharedWork<PingOutcome>::Work shared = work(target, timeout);
  std::string key = key_of(target);
  const std::optional<PingOutcome> outcome = co_await under_way_->run(std::move(key), std::move(shared));
  co_return outcome ? *outcome : PingOutcome{};
}

void PingCache::refresh(const PingTarget& target, std::chrono::milliseconds timeout) {
  under_way_->start(key_of(target), work(target, timeout));
}

SharedWork<PingOutcome>::Work PingCache::work(const PingTarget& target, std::chrono::milliseconds timeout) {
  return [self = shared_from_this(), target, timeout] { return send(self, target, timeout); };
}

asio::awaitable<PingOutcome> PingCache::send(std::shared_ptr<PingCache> self, PingTarget target,
                                             std::chrono::milliseconds timeout) {
  ++self->sent_;
  PingOutcome outcome = co_await netlogon_ping(self->executor_, target.where, target.domain, timeout);
  self->keep(target, outcome);
  co_return outcome;
}

void PingCache::keep(const PingTarget& target, const PingOutcome& outcome) {
  const bool is_ok = outcome.answer == PingAnswer::ok;
  if (is_ok && !outcome.response.client_site_name.empty()) {
    make_room(sites_, target.domain);
    sites_[target.domain] = outcome.response.client_site_name;
  }
  const Entry* before = find(target);
  const bool was_paused = before != nullptr && before->outcome.answer == PingAnswer::paused;
  put(target, {outcome, times_.now()});
  if (!was_paused && outcome.answer == PingAnswer::paused)
    health_->report({target.where, last_level(target.where)}, ControllerState::paused);
  if (was_paused && is_ok) health_->report({target.where, last_level(target.where)}, ControllerState::alive);
}

const PingCache::Entry* PingCache::find(const PingTarget& target) const {
  const auto found = entries_.find(key_of(target));
  return found == entries_.end() ? nullptr : &found->second;
}

bool PingCache::is_fresh(const PingTarget& target) const {
  const Entry* entry = find(target);
  if (entry == nullptr) return false;
  const bool is_ok = entry->outcome.answer == PingAnswer::ok;
  return age_of(*entry) < (is_ok ? Clock::duration(kPingLife) : Clock::duration(kFailureLife));
}

DcLevel PingCache::last_level(const ControllerAddress& where) const {
  DcLevel level = DcLevel::unknown;
  const std::string own = text_of(where);
  for (const auto& [key, entry] : entries_) {
    if (key.ends_with(own) && entry.outcome.answer == PingAnswer::ok) level = level_of(entry.outcome.response.flags);
  }
  return level;
}

std::string PingCache::site_of(const std::string& domain) const {
  const auto found = sites_.find(domain);
  return found == sites_.end() ? std::string() : found->second;
}

void PingCache::put(const PingTarget& target, Entry entry) {
  std::string key = key_of(target);
  make_room(entries_, key);
  entries_[std::move(key)] = std::move(entry);
}

void PingCache::forget(const PingTarget& target) {
  entries_.erase(key_of(target));
}

void PingCache::forget_domain(const std::string& domain) {
  std::erase_if(entries_, [&](const auto& entry) { return entry.first.starts_with(domain + ' '); });
}

}  // namespace stead
