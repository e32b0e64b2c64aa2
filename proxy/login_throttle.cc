#include "proxy/login_throttle.h"

#include <algorithm>

#include "sspi_shim/protocol/bytes.h"

namespace stead::proxy {

std::chrono::seconds LoginThrottle::left(const Counts& counts, const std::string& key, int limit, Clock::time_point now) const {
  const auto found = counts.find(key);
  if (found == counts.end() || found->second.failures < limit) return std::chrono::seconds::zero();
  const auto rest = found->second.since + options_.window - now;
  return rest <= Clock::duration::zero() ? std::chrono::seconds::zero() : std::chrono::ceil<std::chrono::seconds>(rest);
}

std::chrono::seconds LoginThrottle::wait_for(std::string_view user, std::string_view address, Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  return std::max(left(users_, to_lower(user), options_.per_user, now), left(addresses_, std::string(address), options_.per_address, now));
}

void LoginThrottle::add(Counts& counts, std::string key, Clock::time_point now) {
  if (counts.size() >= options_.entries && !counts.contains(key)) {
    std::erase_if(counts, [&](const auto& entry) { return entry.second.since + options_.window <= now; });
    if (counts.size() >= options_.entries)
      counts.erase(std::min_element(counts.begin(), counts.end(),
                                    [](const auto& a, const auto& b) { return a.second.since < b.second.since; }));
  }
  Count& count = counts[std::move(key)];
  if (count.failures == 0 || count.since + options_.window <= now) count = {.failures = 0, .since = now};
  ++count.failures;
}

void LoginThrottle::failed(std::string_view user, std::string_view address, Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  add(users_, to_lower(user), now);
  add(addresses_, std::string(address), now);
}

void LoginThrottle::succeeded(std::string_view user) {
  const std::lock_guard lock(mutex_);
  users_.erase(to_lower(user));
}

}  // namespace stead::proxy
