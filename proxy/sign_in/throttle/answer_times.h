#pragma once
// How long the directory takes to judge a password, so that every refusal can take as long: the time of an answer must
// not tell an unknown user, for whom no key is computed, from a wrong password.
#include <atomic>
#include <chrono>
#include <cstdint>

namespace stead::proxy {

// Thread-safe, without locks.
class AnswerTimes {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds kLeast{150}, kMost{3000};

  // A password was judged, with any result.
  void add(std::chrono::milliseconds took, Clock::time_point now);
  // How long a refusal takes: longer than the slowest judgement of the last one to two minutes, and not less than kLeast.
  [[nodiscard]] std::chrono::milliseconds for_refusals(Clock::time_point now) const;

 private:
  // The slowest of a minute and of the one before. Small enough to change at once.
  struct Slowest {
    std::uint32_t minute = 0;
    std::uint16_t current = 0, previous = 0;  // ms
  };
  [[nodiscard]] static Slowest at(Slowest known, Clock::time_point now);
  std::atomic<Slowest> slowest_{Slowest{}};
};

}  // namespace stead::proxy
