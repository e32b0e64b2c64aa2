#include "proxy/sign_in/login_throttle.h"

#include <arpa/inet.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sspi_shim/base/bytes.h"
#include "sspi_shim/base/hex.h"
#include "sspi_shim/base/text.h"

namespace stead::proxy {

std::string throttled_user(std::string_view typed) {
  if (const std::size_t domain = typed.rfind('\\'); domain != std::string_view::npos) typed.remove_prefix(domain + 1);
  typed = typed.substr(0, typed.find('@'));
  while (!typed.empty() && typed.front() == ' ') typed.remove_prefix(1);
  while (!typed.empty() && typed.back() == ' ') typed.remove_suffix(1);
  // Directories have their own rules to compare letters beyond ASCII: all such letters count as equal.
  std::string out;
  for (const char c : to_lower(typed)) {
    if (std::uint8_t(c) < 0x80)
      out += c;
    else if (out.empty() || out.back() != '?')
      out += '?';
  }
  return out;
}

std::string throttled_address(std::string_view address) {
  std::uint8_t octets[16];
  const std::string text(address.substr(0, address.find('%')));
  if (::inet_pton(AF_INET6, text.c_str(), octets) != 1) return text;
  static constexpr std::uint8_t kMappedV4[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (std::equal(std::begin(kMappedV4), std::end(kMappedV4), octets)) return to_hex(octets);
  return to_hex(Bytes(octets).first(8));
}

LoginThrottle::Try::Try(std::shared_ptr<LoginThrottle> throttle, std::string_view user, std::string_view address)
    : throttle_(std::move(throttle)),
      name_(to_lower(user)),
      user_(throttled_user(user)),
      address_(throttled_address(address)) {}

LoginThrottle::Try& LoginThrottle::Try::operator=(Try&& other) noexcept {
  std::swap(throttle_, other.throttle_);
  std::swap(name_, other.name_);
  std::swap(user_, other.user_);
  std::swap(address_, other.address_);
  return *this;
}
LoginThrottle::Try::~Try() {
  if (throttle_) throttle_->end(name_, user_, address_, End::neither, {});
}
void LoginThrottle::Try::failed(Clock::time_point now) {
  if (const auto throttle = std::exchange(throttle_, nullptr)) throttle->end(name_, user_, address_, End::failed, now);
}
void LoginThrottle::Try::succeeded() {
  if (const auto throttle = std::exchange(throttle_, nullptr))
    throttle->end(name_, user_, address_, End::succeeded, {});
}

std::chrono::seconds LoginThrottle::left(const Counts& counts, const std::string& key, int limit,
                                         Clock::time_point now) const {
  const auto found = counts.find(key);
  if (found == counts.end() || found->second.failures < limit) return std::chrono::seconds::zero();
  const auto rest = found->second.since + options_.window - now;
  return rest <= Clock::duration::zero() ? std::chrono::seconds::zero() : std::chrono::ceil<std::chrono::seconds>(rest);
}

// The count for a key; a new one if its window has passed. If there are too many counts, drops the oldest quarter at once,
// which is cheaper than a search with each try.
LoginThrottle::Count& LoginThrottle::entry(Counts& counts, const std::string& key, Clock::time_point now) {
  if (counts.size() >= options_.entries && !counts.contains(key)) {
    std::vector<Clock::time_point> ages;
    for (const auto& [name, count] : counts) ages.push_back(count.since);
    const auto quarter = ages.begin() + std::ptrdiff_t(ages.size() / 4);
    std::nth_element(ages.begin(), quarter, ages.end());
    const auto oldest = std::max(*quarter, now - options_.window);
    std::erase_if(counts, [&](const auto& item) { return item.second.since <= oldest && item.second.running == 0; });
  }
  Count& count = counts[key];
  if (count.failures == 0 || count.since + options_.window <= now) {
    count.failures = 0;
    count.since = now;
    count.several = false;
  }
  return count;
}

LoginThrottle::Turn LoginThrottle::begin(const std::shared_ptr<LoginThrottle>& throttle, std::string_view user,
                                         std::string_view address, Clock::time_point now) {
  const std::string user_key = throttled_user(user), address_key = throttled_address(address);
  const Options& options = throttle->options_;
  {
    const std::lock_guard lock(throttle->mutex_);
    const auto wait = std::max(throttle->left(throttle->users_, user_key, options.per_user, now),
                               throttle->left(throttle->addresses_, address_key, options.per_address, now));
    if (wait.count() > 0) return wait;
    Count& of_user = throttle->entry(throttle->users_, user_key, now);
    Count& of_address = throttle->entry(throttle->addresses_, address_key, now);
    if (of_user.failures + of_user.running >= options.per_user ||
        of_address.failures + of_address.running >= options.per_address)
      return Busy{};
    ++of_user.running;
    ++of_address.running;
  }
  return Try(throttle, user, address);
}

void LoginThrottle::fail(Counts& counts, const std::string& key, const std::string& name, Clock::time_point now) {
  Count& count = entry(counts, key, now);
  if (count.failures++ == 0) count.spelling = name;
  count.several = count.several || count.spelling != name;
}

void LoginThrottle::end(const std::string& name, const std::string& user, const std::string& address, End how,
                        Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  for (const auto& [counts, key] : {std::pair(&users_, &user), std::pair(&addresses_, &address)}) {
    const auto found = counts->find(*key);
    if (found != counts->end() && found->second.running > 0) --found->second.running;
    if (how == End::failed) fail(*counts, *key, name, now);
  }
  const auto counted = users_.find(user);
  // A success with another spelling may be of another user in another domain: it does not clear the count.
  if (counted != users_.end() && how == End::succeeded && !counted->second.several && counted->second.spelling == name)
    counted->second.failures = 0;
  for (const auto& [counts, key] : {std::pair(&users_, &user), std::pair(&addresses_, &address)}) {
    const auto found = counts->find(*key);
    if (found != counts->end() && found->second.failures == 0 && found->second.running == 0) counts->erase(found);
  }
}

}  // namespace stead::proxy
