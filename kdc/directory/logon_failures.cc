#include "kdc/directory/logon_failures.h"

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace stead::kdc {
namespace {

constexpr int kCountBits = 16;
constexpr std::uint64_t kMaxCount = (1u << kCountBits) - 1;

std::uint64_t count_of(std::uint64_t state) {
  return state & kMaxCount;
}
std::int64_t time_of(std::uint64_t state) {
  return std::int64_t(state >> kCountBits);
}
std::uint64_t state_of(std::uint64_t count, LogonFailures::Time now) {
  const std::int64_t seconds = std::max<std::int64_t>(now.time_since_epoch().count(), 1);
  return (std::uint64_t(seconds) << kCountBits) | std::min(count, kMaxCount);
}

bool has_locked(std::uint64_t state, const AccountPolicy& policy) {
  return policy.lockout_threshold != 0 && count_of(state) >= policy.lockout_threshold;
}
bool is_locked_by(std::uint64_t state, const AccountPolicy& policy, LogonFailures::Time now) {
  return has_locked(state, policy) && is_lockout_in_force(policy, time_of(state), now);
}

}  // namespace

bool is_lockout_in_force(const AccountPolicy& policy, std::int64_t since, std::chrono::sys_seconds now) {
  if (since == 0) return false;
  return policy.lockout_duration.count() == 0 ||
         now.time_since_epoch().count() < since + policy.lockout_duration.count();
}

bool LogonFailures::add(const AccountPolicy& policy, Time now) {
  std::uint64_t state = state_.load(std::memory_order_relaxed), next = 0;
  do {
    if (is_locked_by(state, policy, now)) return false;
    const bool recent = time_of(state) + policy.lockout_window.count() > now.time_since_epoch().count();
    next = state_of(recent && !has_locked(state, policy) ? count_of(state) + 1 : 1, now);
  } while (!state_.compare_exchange_weak(state, next, std::memory_order_acq_rel));
  return has_locked(next, policy);
}

bool LogonFailures::forgive(const AccountPolicy& policy, Time now) {
  std::uint64_t state = state_.load(std::memory_order_acquire);
  do {
    if (state == 0) return true;  // the usual case writes nothing
    if (is_locked_by(state, policy, now)) return false;
  } while (!state_.compare_exchange_weak(state, 0, std::memory_order_acq_rel));
  return true;
}

bool LogonFailures::is_locked(const AccountPolicy& policy, Time now) const {
  return is_locked_by(state_.load(std::memory_order_acquire), policy, now);
}

std::uint32_t LogonFailures::count() const {
  return std::uint32_t(count_of(state_.load(std::memory_order_acquire)));
}

}  // namespace stead::kdc
