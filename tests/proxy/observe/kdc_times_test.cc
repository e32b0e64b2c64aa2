#include "proxy/observe/kdc_times.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <numeric>
#include <string>
#include <thread>
#include <utility>

namespace stead::proxy {
namespace {

TraceStep step(std::string exchange, std::string realm, std::string controller, std::string answer,
               double milliseconds) {
  TraceStep out;
  out.exchange = std::move(exchange);
  out.realm = std::move(realm);
  out.controller = std::move(controller);
  out.answer = std::move(answer);
  out.milliseconds = milliseconds;
  return out;
}

struct Collected {
  explicit Collected(const KdcTimes& from) { from.collect(times, answers); }
  std::map<KdcTimes::Key, KdcSeries> times;
  std::map<std::pair<std::string, std::string>, std::uint64_t> answers;
  [[nodiscard]] std::uint64_t steps() const {
    std::uint64_t all = 0;
    for (const auto& [key, series] : times) all = std::accumulate(series.count.begin(), series.count.end(), all);
    return all;
  }
};

TEST(KdcTimes, KeepExchangesRealmsAndControllersApart) {
  KdcTimes times;
  times.add(step("AS", "A.TEST", "dc1.a.test", "ticket", 0.4));
  times.add(step("AS", "A.TEST", "dc1.a.test", "KDC_ERR_PREAUTH_REQUIRED", 0.6));
  times.add(step("TGS", "A.TEST", "dc1.a.test", "referral to B.TEST", 1.5));
  times.add(step("TGS", "B.TEST", "dc1.b.test", "timeout", 2000));
  const Collected all(times);
  ASSERT_EQ(all.times.size(), 3U);
  const KdcSeries& as = all.times.at({"AS", "A.TEST", "dc1.a.test"});
  EXPECT_EQ(as.count[0], 1U);  // up to 0.5 ms
  EXPECT_EQ(as.count[1], 1U);  // up to 1 ms
  EXPECT_EQ(as.microseconds, 1000U);
  EXPECT_EQ(all.times.at({"TGS", "B.TEST", "dc1.b.test"}).count[10], 1U);  // up to 2.5 s
  EXPECT_EQ(all.answers.at({"TGS", "referral"}), 1U);
  EXPECT_EQ(all.answers.at({"AS", "KDC_ERR_PREAUTH_REQUIRED"}), 1U);
}

TEST(KdcTimes, ATimeOnABoundIsBelowItAndOneAboveAllIsInTheLastPlace) {
  KdcTimes times;
  times.add(step("AS", "A.TEST", "dc", "ticket", 1));
  times.add(step("AS", "A.TEST", "dc", "ticket", 60000));
  const Collected all(times);
  EXPECT_EQ(all.times.begin()->second.count[1], 1U);
  EXPECT_EQ(all.times.begin()->second.count.back(), 1U);
}

TEST(KdcTimes, HoldABoundedNumberOfNamesAndLoseNoStep) {
  KdcTimes times;
  for (int i = 0; i < 5000; ++i)
    times.add(
        step(i % 2 != 0 ? "TGS" : "S4U2Proxy", "R" + std::to_string(i) + ".TEST", "dc", "0x" + std::to_string(i), 1));
  times.add(step("TGS", "R1.TEST", "dc", "ticket", 1));
  times.add(step("a kind of its own", std::string(10000, 'R'), "dc", std::string(10000, 'a'), 1));
  const Collected all(times);
  EXPECT_LE(all.times.size(), KdcTimes::kMaxSeries);
  EXPECT_LE(all.answers.size(), KdcTimes::kMaxAnswers);
  EXPECT_EQ(all.steps(), 5002U);
  EXPECT_EQ(std::accumulate(all.times.at({"TGS", "R1.TEST", "dc"}).count.begin(),
                            all.times.at({"TGS", "R1.TEST", "dc"}).count.end(), 0U),
            2U);
  EXPECT_GT(all.times.at({"TGS", "other", ""}).count[1], 1000U);
  EXPECT_TRUE(all.times.contains({"other", "other", ""}));
  EXPECT_TRUE(all.answers.contains({"S4U2Proxy", "other"}));
}

TEST(KdcTimes, MayBeReadWhileTheyAreCounted) {
  KdcTimes times;
  std::thread counting([&times] {
    for (int i = 0; i < 20000; ++i) times.add(step("TGS", "R" + std::to_string(i % 300) + ".TEST", "dc", "ticket", 1));
  });
  for (int i = 0; i < 200; ++i)
    for (const Collected all(times); const auto& [key, series] : all.times) EXPECT_FALSE(std::get<0>(key).empty());
  counting.join();
  EXPECT_EQ(Collected(times).steps(), 20000U);
}

}  // namespace
}  // namespace stead::proxy
