#include "proxy/sign_in/throttle/answer_times.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>

namespace stead::proxy {
namespace {

constexpr std::chrono::milliseconds kStep{50};

}  // namespace

AnswerTimes::Slowest AnswerTimes::at(Slowest known, Clock::time_point now) {
  const auto minute =
      static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::minutes>(now.time_since_epoch()).count());
  if (minute == known.minute) return known;
  const std::uint16_t previous = minute == known.minute + 1 ? known.current : std::uint16_t(0);
  return {.minute = minute, .current = 0, .previous = previous};
}

void AnswerTimes::add(std::chrono::milliseconds took, Clock::time_point now) {
  const auto time = static_cast<std::uint16_t>(std::clamp(took, std::chrono::milliseconds(0), kMost).count());
  Slowest known = slowest_.load(std::memory_order_relaxed), next;
  do {
    next = at(known, now);
    next.current = std::max(next.current, time);
  } while (!slowest_.compare_exchange_weak(known, next, std::memory_order_relaxed));
}

std::chrono::milliseconds AnswerTimes::for_refusals(Clock::time_point now) const {
  const Slowest known = at(slowest_.load(std::memory_order_relaxed), now);
  const std::chrono::milliseconds slowest(std::max(known.current, known.previous));
  // Half as much again, in steps: the limit itself must not follow single answers closely.
  return std::clamp((slowest * 3 / 2 / kStep + 1) * kStep, kLeast, kMost + kMost / 2);
}

}  // namespace stead::proxy
