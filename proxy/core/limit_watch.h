#pragma once
// The limits of one core that were reached: counted, told in the log at most once in ten seconds, and seen by /readyz.
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "proxy/observe/counter.h"

namespace stead::proxy {

enum class Limit { connections, connections_per_address, descriptors };
inline constexpr std::array kLimits{Limit::connections, Limit::connections_per_address, Limit::descriptors};
[[nodiscard]] std::string_view to_string(Limit limit);  // "connections", …

class LimitWatch {
 public:
  using Clock = std::chrono::steady_clock;
  enum class Then { made_room, refused };  // what became of the client
  void reached(Limit limit, Then then, Clock::time_point now = Clock::now());

  // From any thread. How often; and whether clients of any address were refused in the last ten seconds.
  [[nodiscard]] std::uint64_t count(Limit limit) const { return counts_[static_cast<std::size_t>(limit)].value(); }
  [[nodiscard]] bool refuses(Clock::time_point now = Clock::now()) const;

 private:
  std::array<Counter, kLimits.size()> counts_;
  std::array<Clock::time_point, kLimits.size()> told_{};
  std::atomic<Clock::rep> refused_until_{Clock::time_point::min().time_since_epoch().count()};
};

}  // namespace stead::proxy
