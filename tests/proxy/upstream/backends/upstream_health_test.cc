#include "proxy/upstream/backends/upstream_health.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace stead::proxy {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

BackEnd back_end(std::optional<HealthCheck> check = {}) {
  return {.upstream = {.tls = false, .host = "back.test", .port = 8080, .base_path = {}}, .ca = {}, .check = check};
}

class Health : public testing::Test {
 protected:
  void after(milliseconds time) { now += time; }
  // True if a check was due; it then fails or passes.
  bool check(UpstreamHealth& health, bool passes) {
    if (!health.begin_check(now)) return false;
    if (passes)
      health.check_passed(now);
    else
      health.check_failed("it is dead", now);
    return true;
  }
  Clock::time_point now{std::chrono::hours(1)};
  UpstreamHealth plain{back_end()};
};

TEST_F(Health, OfABackEndWithoutTroubleIsNeverChecked) {
  for (int i = 0; i < 100; ++i) {
    InFlight request(plain, now);
    after(milliseconds(100));
    request.answered(now);
    EXPECT_FALSE(plain.begin_check(now));
  }
  EXPECT_TRUE(plain.is_up());
  EXPECT_EQ(plain.in_flight(), 0U);
}

TEST_F(Health, IsOutAfterAConnectionThatFailsUntilACheckPasses) {
  plain.failed(Trouble::no_connection, "connection refused", now);
  EXPECT_FALSE(plain.is_up());
  EXPECT_EQ(plain.report(now).why, "connection refused");
  EXPECT_FALSE(plain.begin_check(now));
  after(seconds(3600));
  EXPECT_FALSE(plain.is_up()) << "time alone does not bring it back";
  EXPECT_TRUE(check(plain, true));
  EXPECT_TRUE(plain.is_up());
  EXPECT_EQ(plain.report(now).outages, 1U);
}

TEST_F(Health, IsCheckedAfterABackOffThatDoublesToAMinute) {
  plain.failed(Trouble::no_connection, "connection refused", now);
  for (const int wait : {1, 2, 4, 8, 16, 32, 60, 60, 60}) {
    after(seconds(wait) - milliseconds(1));
    EXPECT_FALSE(plain.begin_check(now)) << wait;
    after(milliseconds(1));
    EXPECT_TRUE(check(plain, false)) << wait;
  }
}

TEST_F(Health, KeepsTheBackOffWhereItFlaps) {
  plain.failed(Trouble::no_connection, "refused", now);
  after(seconds(1));
  EXPECT_TRUE(check(plain, true));
  plain.failed(Trouble::no_connection, "refused", now);
  after(seconds(1));
  EXPECT_FALSE(plain.begin_check(now));
  after(seconds(1));
  EXPECT_TRUE(check(plain, true));
  after(seconds(600));  // it was well for long
  plain.failed(Trouble::no_connection, "refused", now);
  after(seconds(1));
  EXPECT_TRUE(check(plain, true));
}

TEST_F(Health, IsCheckedAtOnceAfterATimeOut) {
  plain.failed(Trouble::no_answer, "no response in time", now);
  EXPECT_FALSE(plain.is_up());
  EXPECT_TRUE(check(plain, true)) << "one slow page is no outage";
  EXPECT_TRUE(plain.is_up());
}

TEST_F(Health, IsOutAfterThreeAnswersInARowThatBreakOff) {
  for (int i = 0; i < 2; ++i) plain.failed(Trouble::broken_off, "ended", now);
  InFlight request(plain, now);
  request.answered(now);
  for (int i = 0; i < 2; ++i) plain.failed(Trouble::broken_off, "ended", now);
  EXPECT_TRUE(plain.is_up());
  plain.failed(Trouble::broken_off, "ended", now);
  EXPECT_FALSE(plain.is_up());
}

TEST_F(Health, IsDoubtedWhereRequestsWaitAndNoneIsAnswered) {
  InFlight frozen(plain, now);
  after(seconds(4));
  EXPECT_FALSE(plain.begin_check(now));
  after(seconds(2));
  EXPECT_TRUE(check(plain, false));
  EXPECT_FALSE(plain.is_up()) << "long before the request times out";
}

TEST_F(Health, IsDoubtedSeldomWhereOneAnswerIsSlow) {
  InFlight slow(plain, now);
  after(seconds(6));
  EXPECT_TRUE(check(plain, true));
  after(seconds(19));
  EXPECT_FALSE(plain.begin_check(now));
  after(seconds(1));
  EXPECT_TRUE(check(plain, true));
  EXPECT_TRUE(plain.is_up());
}

TEST_F(Health, IsNotDoubtedForATunnelThatIsQuiet) {
  InFlight tunnel(plain, now);
  tunnel.answered(now);
  after(seconds(600));
  EXPECT_FALSE(plain.begin_check(now));
  EXPECT_EQ(plain.in_flight(), 1U);
}

// By default every 5 s, two good answers and three bad ones.
TEST_F(Health, FollowsTheChecksOfTheRoute) {
  UpstreamHealth health(back_end(HealthCheck{}));
  EXPECT_TRUE(check(health, false));
  EXPECT_FALSE(health.begin_check(now));
  after(seconds(5));
  EXPECT_TRUE(check(health, false));
  EXPECT_TRUE(health.is_up());
  after(seconds(5));
  EXPECT_TRUE(check(health, false));
  EXPECT_FALSE(health.is_up()) << "three in a row";
  after(seconds(5));
  EXPECT_TRUE(check(health, true));
  EXPECT_FALSE(health.is_up());
  after(seconds(5));
  EXPECT_TRUE(check(health, true));
  EXPECT_TRUE(health.is_up()) << "two in a row";
  EXPECT_EQ(health.report(now).failed_checks, 3U);
}

TEST_F(Health, HasOneCheckAtATime) {
  UpstreamHealth health(back_end(HealthCheck{}));
  EXPECT_TRUE(health.begin_check(now));
  after(seconds(60));
  EXPECT_FALSE(health.begin_check(now));
  health.check_gave_no_verdict("no KDC", now);
  EXPECT_TRUE(health.is_up());
  after(seconds(5));
  EXPECT_TRUE(health.begin_check(now));
}

TEST_F(Health, WarmsUpAfterAnOutageAlone) {
  EXPECT_EQ(plain.warmth(seconds(10), now), 1);
  plain.failed(Trouble::no_connection, "refused", now);
  after(seconds(1));
  EXPECT_TRUE(check(plain, true));
  EXPECT_DOUBLE_EQ(plain.warmth(seconds(10), now), 0.1);
  after(seconds(5));
  EXPECT_DOUBLE_EQ(plain.warmth(seconds(10), now), 0.5);
  EXPECT_DOUBLE_EQ(plain.warmth(seconds(0), now), 1);
  after(seconds(60));
  EXPECT_DOUBLE_EQ(plain.warmth(seconds(10), now), 1);
}

TEST(UpstreamHealths, HaveEachBackEndOnceForAsLongAsItIsUsed) {
  UpstreamHealths healths;
  auto first = healths.of(back_end());
  EXPECT_EQ(healths.of(back_end()), first);
  EXPECT_NE(healths.of(back_end(HealthCheck{})), first) << "another check may have another verdict";
  first->failed(Trouble::no_connection, "refused", Clock::now());
  const auto after_reload = healths.of(back_end());
  EXPECT_FALSE(after_reload->is_up());
  EXPECT_EQ(healths.all().size(), 1U);
}

}  // namespace
}  // namespace stead::proxy
