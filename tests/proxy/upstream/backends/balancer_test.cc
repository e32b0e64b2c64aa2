#include "proxy/upstream/backends/balancer.h"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace stead::proxy {
namespace {

using std::chrono::seconds;

// Upstreams a, b, c, … of one route.
class Balancing : public testing::Test {
 protected:
  Balancer balancer(Balance policy, const std::vector<unsigned>& weights, std::size_t backups = 0,
                    seconds slow_start = {}) {
    std::vector<Balancer::Member> members;
    for (std::size_t i = 0; i < weights.size(); ++i) {
      const std::string host(1, static_cast<char>('a' + i));
      healths.emplace_back(BackEnd{.upstream = {.tls = false, .host = host, .port = 80, .base_path = {}}, .ca = {}});
      members.push_back(
          {.health = &healths.back(), .target = i, .weight = weights[i], .backup = i + backups >= weights.size()});
    }
    return {policy, slow_start, std::move(members)};
  }
  std::string choices(Balancer& from, int count, std::uint64_t key = 0) {
    std::string out;
    for (int i = 0; i < count; ++i) out += static_cast<char>('a' + from.choose(key, 0, now).value());
    return out;
  }
  void take_out(std::size_t number) { healths[number].failed(Trouble::no_connection, "refused", now); }
  void bring_back(std::size_t number) {
    EXPECT_TRUE(healths[number].begin_check(now));
    healths[number].check_passed(now);
  }
  Clock::time_point now{std::chrono::hours(1)};
  std::deque<UpstreamHealth> healths;
};

TEST_F(Balancing, TakesThemInTurn) {
  Balancer all = balancer(Balance::round_robin, {1, 1, 1});
  EXPECT_EQ(choices(all, 7), "abcabca");
}

TEST_F(Balancing, SpreadsWeightsSmoothly) {
  Balancer all = balancer(Balance::round_robin, {4, 1, 1});
  EXPECT_EQ(choices(all, 12), "aabacaaabaca");
}

TEST_F(Balancing, LeavesOutWhatIsOut) {
  Balancer all = balancer(Balance::round_robin, {1, 1, 1});
  take_out(1);
  EXPECT_EQ(choices(all, 4), "acac");
}

TEST_F(Balancing, TriesEachOnceAndThenNone) {
  Balancer all = balancer(Balance::round_robin, {1, 1, 1}, 1);
  take_out(0);
  Balancer::Members tried = 0;
  std::string order;
  while (const auto number = all.choose(0, tried, now)) {
    order += static_cast<char>('a' + *number);
    tried |= Balancer::Members{1} << *number;
  }
  EXPECT_EQ(order, "bca") << "up, backup, out";
}

TEST_F(Balancing, UsesABackupOnlyWhereNoOtherIsUp) {
  Balancer all = balancer(Balance::round_robin, {1, 1, 1}, 1);
  EXPECT_EQ(choices(all, 4), "abab");
  take_out(0);
  EXPECT_EQ(choices(all, 2), "bb");
  take_out(1);
  EXPECT_EQ(choices(all, 2), "cc");
}

TEST_F(Balancing, TriesAllWhereNoneIsUp) {
  Balancer all = balancer(Balance::round_robin, {1, 1});
  take_out(0);
  take_out(1);
  const std::string chosen = choices(all, 4);
  EXPECT_TRUE(chosen == "abab" || chosen == "baba") << chosen;
}

TEST_F(Balancing, PrefersTheLeastBusyForItsWeight) {
  Balancer all = balancer(Balance::least_connections, {1, 1, 2});
  const InFlight first(healths[0], now), second(healths[2], now);
  EXPECT_EQ(choices(all, 3), "cbc");  // 2/1, 1/1, 2/2: b and c are alike, and in turn by weight
  const InFlight third(healths[1], now);
  EXPECT_EQ(choices(all, 1), "c");
}

TEST_F(Balancing, KeepsASessionWhereItIsUntilThatIsOut) {
  Balancer all = balancer(Balance::sticky, {1, 1, 1});
  std::map<std::uint64_t, std::string> before;
  std::map<std::string, int> counts;
  for (std::uint64_t key = 0; key < 3000; ++key) {
    before[key] = choices(all, 2, key);
    EXPECT_EQ(before[key][0], before[key][1]);
    ++counts[before[key]];
  }
  for (const auto& [chosen, count] : counts) EXPECT_NEAR(count, 1000, 150) << chosen;
  take_out(1);
  for (const auto& [key, was] : before) {
    const std::string is = choices(all, 1, key);
    if (was == "bb")
      EXPECT_NE(is, "b");
    else
      EXPECT_EQ(is, was.substr(1)) << "no other session moves";
  }
  now += seconds(2);
  bring_back(1);
  for (const auto& [key, was] : before) EXPECT_EQ(choices(all, 2, key), was);
}

TEST_F(Balancing, GivesSessionsByWeight) {
  Balancer all = balancer(Balance::sticky, {3, 1});
  int first = 0;
  for (std::uint64_t key = 0; key < 4000; ++key) first += choices(all, 1, key) == "a" ? 1 : 0;
  EXPECT_NEAR(first, 3000, 150);
}

TEST_F(Balancing, StartsSlowlyWithOneThatReturns) {
  Balancer all = balancer(Balance::round_robin, {1, 1}, 0, seconds(100));
  take_out(1);
  now += seconds(2);
  bring_back(1);
  const auto share = [&] {
    int count = 0;
    for (const char one : choices(all, 1100)) count += one == 'b' ? 1 : 0;
    return count;
  };
  EXPECT_NEAR(share(), 100, 5);
  now += seconds(100);
  EXPECT_NEAR(share(), 550, 5);
}

}  // namespace
}  // namespace stead::proxy
