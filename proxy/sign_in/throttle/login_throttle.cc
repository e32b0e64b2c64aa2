#include "proxy/sign_in/throttle/login_throttle.h"

#include <arpa/inet.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "proxy/config/values/folded_name.h"
#include "sspi_shim/base/bytes.h"
#include "sspi_shim/base/hex.h"
#include "sspi_shim/base/text.h"

namespace stead::proxy {
namespace {

constexpr std::size_t kTriesWhereSignedInBefore = 2;

std::size_t started_and_failed(std::size_t failures, int running) {
  return failures + std::size_t(running);
}

std::string pair_key(const std::string& account, const std::string& address) {
  return account + '\n' + address;
}

}  // namespace

std::string throttled_account(std::string_view principal) {
  return folded_name(principal);
}

std::string throttled_unknown(std::string_view typed, std::string_view realm) {
  if (const std::size_t domain = typed.rfind('\\'); domain != std::string_view::npos) typed.remove_prefix(domain + 1);
  return folded_name(std::string(trim_blanks(typed.substr(0, typed.find('@')))) + '@' + std::string(realm));
}

std::string throttled_address(std::string_view address) {
  std::uint8_t octets[16];
  const std::string text(address.substr(0, address.find('%')));
  if (::inet_pton(AF_INET6, text.c_str(), octets) != 1) return text;
  static constexpr std::uint8_t kMappedV4[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (std::equal(std::begin(kMappedV4), std::end(kMappedV4), octets)) return to_hex(octets);
  return to_hex(Bytes(octets).first(8));
}

LoginThrottle::Try::Try(std::shared_ptr<LoginThrottle> throttle, std::string account, std::string address)
    : throttle_(std::move(throttle)), account_(std::move(account)), address_(std::move(address)) {}

LoginThrottle::Try& LoginThrottle::Try::operator=(Try&& other) noexcept {
  std::swap(throttle_, other.throttle_);
  std::swap(account_, other.account_);
  std::swap(address_, other.address_);
  return *this;
}
LoginThrottle::Try::~Try() {
  if (throttle_) throttle_->end(account_, address_, End::neither, {});
}
void LoginThrottle::Try::failed(Clock::time_point now) {
  const auto throttle = std::exchange(throttle_, nullptr);
  if (!throttle) return;
  throttle->end(account_, address_, End::failed, now);
  throttle->report({.account = account_, .address = address_});
}
void LoginThrottle::Try::succeeded(Clock::time_point now) {
  if (const auto throttle = std::exchange(throttle_, nullptr)) throttle->end(account_, address_, End::succeeded, now);
}

std::chrono::seconds LoginThrottle::left(const Count& count, std::size_t limit, Clock::time_point now) const {
  if (count.failures.size() < limit) return std::chrono::seconds::zero();
  const auto rest = count.failures[count.failures.size() - limit] + options_.window - now;
  return std::max(std::chrono::ceil<std::chrono::seconds>(rest), std::chrono::seconds(1));
}

// The count for a key, without the failures that have left the window. If there are too many counts, drops the oldest
// quarter at once, which is cheaper than a search with each try.
LoginThrottle::Count& LoginThrottle::entry(Counts& counts, const std::string& key, Clock::time_point now) {
  if (counts.size() >= options_.entries && !counts.contains(key)) {
    std::vector<Clock::time_point> ages;
    for (const auto& [name, count] : counts) ages.push_back(count.last);
    const auto quarter = ages.begin() + std::ptrdiff_t(ages.size() / 4);
    std::nth_element(ages.begin(), quarter, ages.end());
    const auto oldest = *quarter;
    std::erase_if(counts, [&](const auto& item) { return item.second.last <= oldest && item.second.running == 0; });
  }
  Count& count = counts[key];
  while (!count.failures.empty() && count.failures.front() + options_.window <= now) count.failures.pop_front();
  if (count.last == Clock::time_point{}) count.last = now;
  return count;
}

std::variant<std::monostate, LoginThrottle::Busy, std::chrono::seconds> LoginThrottle::judge(
    const Count& account, const Count& pair, const Count& address, Clock::time_point now) const {
  const auto per_user = std::size_t(options_.per_user), per_address = std::size_t(options_.per_address);
  const std::size_t reserve = 2 * per_user - 1;
  auto wait = std::max(left(pair, per_user, now), left(address, per_address, now));
  const bool is_known = pair.signed_in_before && pair.failures.size() < kTriesWhereSignedInBefore;
  const bool is_fresh = pair.failures.empty() && account.failures.size() < reserve;
  if (!is_known && !is_fresh) wait = std::max(wait, left(account, per_user, now));
  if (wait.count() > 0) return wait;
  const std::size_t of_pair = started_and_failed(pair.failures.size(), pair.running),
                    of_account = started_and_failed(account.failures.size(), account.running),
                    of_address = started_and_failed(address.failures.size(), address.running);
  if (of_pair >= per_user || of_address >= per_address) return Busy{};
  const bool may_start = of_account < per_user || (is_known && of_pair < kTriesWhereSignedInBefore) ||
                         (is_fresh && of_pair == 0 && of_account < reserve);
  if (!may_start) return Busy{};
  return std::monostate();
}

LoginThrottle::Turn LoginThrottle::begin(const std::shared_ptr<LoginThrottle>& throttle, std::string account,
                                         std::string_view address, Clock::time_point now) {
  std::string address_key = throttled_address(address);
  {
    const std::lock_guard lock(throttle->mutex_);
    Count& of_account = throttle->entry(throttle->accounts_, account, now);
    Count& of_pair = throttle->entry(throttle->pairs_, pair_key(account, address_key), now);
    Count& of_address = throttle->entry(throttle->addresses_, address_key, now);
    const auto judged = throttle->judge(of_account, of_pair, of_address, now);
    if (const auto* const wait = std::get_if<std::chrono::seconds>(&judged)) return *wait;
    if (std::holds_alternative<Busy>(judged)) return Busy{};
    ++of_account.running;
    ++of_pair.running;
    ++of_address.running;
  }
  return Try(throttle, std::move(account), std::move(address_key));
}

void LoginThrottle::report(const Failure& failure) {
  std::function<void(const Failure&)> report;
  {
    const std::lock_guard lock(mutex_);
    report = report_;
  }
  if (report) report(failure);
}

void LoginThrottle::add_failure(const Failure& failure, Clock::time_point when) {
  const std::lock_guard lock(mutex_);
  const auto now = Clock::now();
  if (when + options_.window <= now || when > now) return;
  const std::string pair = pair_key(failure.account, failure.address);
  const std::pair<Counts*, const std::string*> all[] = {
      {&accounts_, &failure.account}, {&pairs_, &pair}, {&addresses_, &failure.address}};
  for (const auto& [counts, key] : all) {
    Count& count = entry(*counts, *key, now);
    count.last = now;
    count.failures.insert(std::ranges::upper_bound(count.failures, when), when);
  }
}

void LoginThrottle::end(const std::string& account, const std::string& address, End how, Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  const std::string pair = pair_key(account, address);
  const std::pair<Counts*, const std::string*> all[] = {
      {&accounts_, &account}, {&pairs_, &pair}, {&addresses_, &address}};
  for (const auto& [counts, key] : all) {
    const auto found = counts->find(*key);
    if (found == counts->end()) continue;
    Count& count = found->second;
    if (count.running > 0) --count.running;
    if (how != End::neither) count.last = now;
    if (how == End::failed) count.failures.push_back(now);
    if (how == End::succeeded && counts != &addresses_) count.failures.clear();
    if (how == End::succeeded && counts == &pairs_) count.signed_in_before = true;
    if (count.failures.empty() && count.running == 0 && !count.signed_in_before) counts->erase(found);
  }
}

}  // namespace stead::proxy
