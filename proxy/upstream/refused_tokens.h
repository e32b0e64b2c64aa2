#pragma once
// Back ends that refused a fresh ticket of a user. Another ticket for each request would only load the KDC, so for a
// time that doubles with each refusal, the next refusal is final. One for each core.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>

namespace stead::proxy {

class RefusedTokens {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds kMinWait{5}, kMaxWait{300};
  static constexpr std::size_t kMaxEntries = 10000;

  // True if a refusal was noted so recently that a fresh ticket is not worth a try.
  [[nodiscard]] bool is_final(std::string_view user, std::size_t route, Clock::time_point now) const {
    if (refused_.empty()) return false;
    const auto found = refused_.find(key(user, route));
    return found != refused_.end() && now < found->second.until;
  }
  void note(std::string_view user, std::size_t route, Clock::time_point now) {
    if (refused_.size() >= kMaxEntries)
      std::erase_if(refused_, [now](const auto& entry) { return entry.second.until <= now; });
    if (refused_.size() >= kMaxEntries) refused_.clear();
    Entry& refusal = refused_[key(user, route)];
    refusal.wait = refusal.wait.count() == 0 ? kMinWait : std::min(refusal.wait * 2, kMaxWait);
    refusal.until = now + refusal.wait;
  }
  void accepted(std::string_view user, std::size_t route) {
    if (!refused_.empty()) refused_.erase(key(user, route));
  }

 private:
  struct Entry {
    std::chrono::seconds wait{0};
    Clock::time_point until{};
  };
  static std::string key(std::string_view user, std::size_t route) {
    return std::to_string(route) + ' ' + std::string(user);
  }
  std::unordered_map<std::string, Entry> refused_;
};

}  // namespace stead::proxy
