#include "sspi_shim/client/refusal_memory.h"

#include <chrono>
#include <string>

#include <gtest/gtest.h>

namespace stead {
namespace {

using namespace std::chrono_literals;

constexpr auto kPolicyLife = 60s;

class RefusalMemoryTest : public testing::Test {
 protected:
  static ClassifiedFailure refused(RefusalClass kind, FailureKind failure = FailureKind::refused) {
    ClassifiedFailure out;
    out.failure.kind = failure;
    out.failure.text = "no";
    out.kind = kind;
    return out;
  }
  Failure remember(RefusalClass kind) { return memory_.remember("key", "alice", refused(kind), now_, 0); }

  RefusalMemory memory_{1000, kPolicyLife};
  CacheTime now_ = std::chrono::system_clock::now();
};

struct LifeRow {
  const char* name;
  RefusalClass kind;
  std::chrono::seconds at_least, at_most;
};
class RefusalLife : public RefusalMemoryTest, public testing::WithParamInterface<LifeRow> {};
TEST_P(RefusalLife, GoesByTheClass) {
  const auto& row = GetParam();
  for (int i = 0; i < 100; ++i) {
    memory_.forget("key");
    const Failure out = remember(row.kind);
    EXPECT_GE(out.cacheable_for, row.at_least);
    EXPECT_LE(out.cacheable_for, row.at_most);
  }
  EXPECT_TRUE(memory_.find("key", now_ + row.at_least - 1ms));
  EXPECT_FALSE(memory_.find("key", now_ + row.at_most + 1ms));
}
INSTANTIATE_TEST_SUITE_P(Rows, RefusalLife,
                         testing::Values(LifeRow{"policy", RefusalClass::policy, 60s, 120s},
                                         LifeRow{"unknown_name", RefusalClass::unknown_name, 30s, 60s},
                                         LifeRow{"no_capable_dc", RefusalClass::no_capable_dc, 2s, 5s},
                                         LifeRow{"no_answer", RefusalClass::no_answer, 1s, 3s}),
                         [](const auto& test) { return std::string(test.param.name); });

TEST_F(RefusalMemoryTest, KeepsNothingThatNoKdcSaid) {
  for (const FailureKind kind : {FailureKind::cancelled, FailureKind::unusable}) {
    const Failure out = memory_.remember("key", "alice", refused(RefusalClass::no_answer, kind), now_, 0);
    EXPECT_EQ(out.cacheable_for, 0ms);
  }
  EXPECT_EQ(memory_.size(), 0u);
}

TEST_F(RefusalMemoryTest, SaysHowLongItStaysRemembered) {
  const Failure out = remember(RefusalClass::policy);
  const auto later = memory_.find("key", now_ + 10s);
  ASSERT_TRUE(later);
  EXPECT_EQ(later->again(now_ + 10s).cacheable_for, out.cacheable_for - 10s);
}

TEST_F(RefusalMemoryTest, AProbeDoesNotMakeItLastLonger) {
  const Failure first = remember(RefusalClass::policy);
  auto found = memory_.find("key", now_);
  EXPECT_FALSE(found->is_probed);
  memory_.mark_probed("key", "alice", *found);
  EXPECT_TRUE(memory_.find("key", now_)->is_probed);
  now_ += 10s;
  EXPECT_EQ(remember(RefusalClass::policy).cacheable_for, first.cacheable_for - 10s);
  EXPECT_TRUE(memory_.find("key", now_)->is_probed);
}

TEST_F(RefusalMemoryTest, IsForgottenWithItsOwner) {
  remember(RefusalClass::policy);
  memory_.evict("alice");
  EXPECT_FALSE(memory_.find("key", now_));
  remember(RefusalClass::policy);
  EXPECT_FALSE(memory_.find("key", now_)) << "the call began before the eviction";
}

}  // namespace
}  // namespace stead
