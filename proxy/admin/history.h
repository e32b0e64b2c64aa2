#pragma once
// The requests of the last hour, minute by minute, for the charts of /status.
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace stead::proxy {

struct RequestTotals {
  std::uint64_t requests = 0, refused = 0, failed = 0;  // since the process began
};

// Used on one thread.
class RequestHistory {
 public:
  static constexpr std::size_t kMinutes = 60;
  using Clock = std::chrono::steady_clock;
  explicit RequestHistory(Clock::time_point start = Clock::now()) : minute_(start) {}
  // Closes the minutes that have passed. Called at least every few seconds; what is missed counts for the last minute.
  void note(const RequestTotals& totals, Clock::time_point now = Clock::now());
  // The last hour, oldest first; the last one is the minute that is not over yet.
  [[nodiscard]] std::vector<RequestTotals> minutes() const;

 private:
  std::array<RequestTotals, kMinutes> done_{};  // a ring
  std::size_t next_ = 0;
  RequestTotals at_begin_{}, now_{};  // of the minute that is not over
  Clock::time_point minute_;          // when it began
};

// A bar for each minute, as SVG without scripts; hovering, and screen readers, give the number.
[[nodiscard]] std::string bar_chart(std::string_view title, const std::vector<std::uint64_t>& values,
                                    std::string_view color);

}  // namespace stead::proxy
