#include "proxy/admin/history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <vector>

namespace stead::proxy {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
const auto kStart = RequestHistory::Clock::time_point(std::chrono::hours(5));

std::vector<std::uint64_t> requests(const RequestHistory& history) {
  std::vector<std::uint64_t> out;
  for (const RequestTotals& minute : history.minutes()) out.push_back(minute.requests);
  return out;
}

TEST(RequestHistory, HasEachMinuteAndTheOneThatIsNotOver) {
  RequestHistory history(kStart);
  history.note({.requests = 4, .refused = 1}, kStart + seconds(30));
  EXPECT_EQ(requests(history).back(), 4U);
  history.note({.requests = 10, .refused = 1}, kStart + seconds(61));
  history.note({.requests = 12, .refused = 2, .failed = 1}, kStart + seconds(90));
  const auto all = history.minutes();
  ASSERT_EQ(all.size(), RequestHistory::kMinutes);
  EXPECT_EQ(all[58].requests, 10U);
  EXPECT_EQ(all[58].refused, 1U);
  EXPECT_EQ(all[59].requests, 2U);
  EXPECT_EQ(all[59].failed, 1U);
  EXPECT_EQ(all[57].requests, 0U);
}

TEST(RequestHistory, ForgetsWhatIsOlderThanAnHour) {
  RequestHistory history(kStart);
  for (int minute = 1; minute <= 80; ++minute)
    history.note({.requests = static_cast<std::uint64_t>(minute)}, kStart + minutes(minute));
  const auto all = requests(history);
  EXPECT_EQ(all.back(), 0U);
  for (std::size_t i = 0; i + 1 < all.size(); ++i) EXPECT_EQ(all[i], 1U) << i;
}

TEST(RequestHistory, GoesOnAfterALongPause) {
  RequestHistory history(kStart);
  history.note({.requests = 5}, kStart + std::chrono::hours(100));
  history.note({.requests = 6}, kStart + std::chrono::hours(100) + seconds(59));
  EXPECT_EQ(requests(history).back(), 1U);
}

TEST(BarChart, HasABarForEachMinuteWithRequests) {
  const std::string chart = bar_chart("Requests <x>", {0, 1, 1000}, "var(--bar)");
  EXPECT_THAT(chart, testing::HasSubstr("Requests &lt;x&gt;: 1001, at most 1000 a minute"));
  EXPECT_THAT(chart, testing::HasSubstr("height=\"1\" style=\"fill:var(--bar)\"><title>1 min ago: 1</title>"));
  EXPECT_THAT(chart, testing::HasSubstr("height=\"60\" style=\"fill:var(--bar)\"><title>this minute: 1000</title>"));
  EXPECT_THAT(chart, testing::Not(testing::HasSubstr("2 min ago")));
  EXPECT_THAT(chart, testing::Not(testing::HasSubstr("script")));
}

}  // namespace
}  // namespace stead::proxy
