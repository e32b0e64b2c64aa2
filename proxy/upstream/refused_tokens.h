#pragma once
// Back ends that refused a user's fresh ticket. To ask the KDC for another one with each request would help nobody and
// load it: for a while, longer with each refusal, the next refusal is taken for the last word. One for each core.
#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <unordered_map>

namespace stead::proxy {

class RefusedTokens {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds kFirst{5}, kLongest{300};
  static constexpr std::size_t kMost = 10000;

  // Whether a refusal was noted so lately that a fresh ticket need not be tried.
  [[nodiscard]] bool is_final(std::string_view user, std::size_t route, Clock::time_point now) const {
    if (refused_.empty()) return false;
    const auto found = refused_.find(key(user, route));
    return found != refused_.end() && now < found->second.until;
  }
  void note(std::string_view user, std::size_t route, Clock::time_point now) {
    if (refused_.size() >= kMost)
      std::erase_if(refused_, [now](const auto& entry) { return entry.second.until <= now; });
    if (refused_.size() >= kMost) refused_.clear();
    Refusal& refusal = refused_[key(user, route)];
    refusal.wait = refusal.wait.count() == 0 ? kFirst : std::min(refusal.wait * 2, kLongest);
    refusal.until = now + refusal.wait;
  }
  void accepted(std::string_view user, std::size_t route) {
    if (!refused_.empty()) refused_.erase(key(user, route));
  }

 private:
  struct Refusal {
    std::chrono::seconds wait{0};
    Clock::time_point until{};
  };
  static std::string key(std::string_view user, std::size_t route) {
    return std::to_string(route) + ' ' + std::string(user);
  }
  std::unordered_map<std::string, Refusal> refused_;
};

}  // namespace stead::proxy
