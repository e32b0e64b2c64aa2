#include "kdc/directory/logon_failures.h"

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace stead::kdc {
namespace {

using namespace std::chrono_literals;

class Failures : public testing::Test {
 protected:
  AccountPolicy policy{.lockout_threshold = 3, .lockout_duration = 30min, .lockout_window = 10min};
  LogonFailures failures;
  std::chrono::sys_seconds now{std::chrono::seconds{1795000000}};
};

TEST_F(Failures, LockAtTheThresholdForTheDuration) {
  EXPECT_FALSE(failures.add(policy, now));
  EXPECT_FALSE(failures.add(policy, now));
  EXPECT_FALSE(failures.is_locked(policy, now));
  EXPECT_TRUE(failures.add(policy, now));
  EXPECT_TRUE(failures.is_locked(policy, now + 30min - 1s));
  EXPECT_FALSE(failures.is_locked(policy, now + 30min));
}

// Otherwise an attacker could keep a user out for ever by one password in each duration.
TEST_F(Failures, CountAnewAfterTheDuration) {
  for (int i = 0; i < 3; ++i) failures.add(policy, now);
  EXPECT_FALSE(failures.add(policy, now + 1min)) << "locked already";
  EXPECT_FALSE(failures.is_locked(policy, now + 30min)) << "the failure while locked does not prolong it";
  EXPECT_FALSE(failures.add(policy, now + 31min));
  EXPECT_EQ(failures.count(), 1u);
}

TEST_F(Failures, AreForgottenAfterTheWindowOrARightPassword) {
  failures.add(policy, now);
  failures.add(policy, now + 9min);
  EXPECT_EQ(failures.count(), 2u) << "the window begins with the last failure";
  failures.add(policy, now + 19min);
  EXPECT_EQ(failures.count(), 1u);
  EXPECT_TRUE(failures.forgive(policy, now + 20min));
  EXPECT_EQ(failures.count(), 0u);
}

TEST_F(Failures, ARightPasswordDoesNotUnlock) {
  for (int i = 0; i < 3; ++i) failures.add(policy, now);
  EXPECT_FALSE(failures.forgive(policy, now + 1min));
  EXPECT_TRUE(failures.forgive(policy, now + 30min));
}

TEST_F(Failures, LockForEverWithoutADuration) {
  policy.lockout_duration = 0s;
  for (int i = 0; i < 3; ++i) failures.add(policy, now);
  EXPECT_TRUE(failures.is_locked(policy, now + std::chrono::years(10)));
  EXPECT_FALSE(failures.forgive(policy, now + std::chrono::years(10)));
}

TEST_F(Failures, LockNobodyWithoutAThreshold) {
  policy.lockout_threshold = 0;
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(failures.add(policy, now));
  EXPECT_FALSE(failures.is_locked(policy, now));
  EXPECT_TRUE(failures.forgive(policy, now));
}

TEST_F(Failures, OfManyThreadsAreAllCountedAndLockOnce) {
  policy.lockout_threshold = 800;
  std::atomic<int> locks{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) locks += failures.add(policy, now);
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(failures.count(), 800u);
  EXPECT_EQ(locks, 1);
}

}  // namespace
}  // namespace stead::kdc
