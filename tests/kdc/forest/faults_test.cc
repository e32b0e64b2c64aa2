#include "kdc/forest/faults.h"

#include <chrono>

#include <gtest/gtest.h>

namespace stead::kdc {
namespace {

using namespace std::chrono_literals;

TEST(Faults, AreReadAndWritten) {
  const auto all = parse_faults("latency=2s drop=10  skew=-10m refuse_s4u=true udp_limit=0");
  ASSERT_TRUE(all);
  EXPECT_EQ(all->latency, 2s);
  EXPECT_EQ(all->drop, 10u);
  EXPECT_EQ(all->skew, -10min);
  EXPECT_TRUE(all->refuse_s4u);
  EXPECT_EQ(all->udp_limit, 0u);
  EXPECT_EQ(to_string(*all), "latency=2000ms drop=10 skew=-600s refuse_s4u=true udp_limit=0");
  EXPECT_EQ(*parse_faults(to_string(*all)), *all);
  for (const char* nothing : {"", "none", " ", "drop=0", "refuse_s4u=false"})
    EXPECT_EQ(*parse_faults(nothing), Faults{});
  EXPECT_EQ(to_string(Faults{}), "none");
}

TEST(Faults, RefuseWhatIsNoFault) {
  for (const char* bad : {"latency", "latency=2", "latency=61s", "latency=-1s", "drop=101", "drop=x", "skew=10",
                          "skew=1ms", "skew=--1s", "refuse_s4u=yes", "udp_limit=70000", "delay=1s", "none none", "=1"})
    EXPECT_FALSE(parse_faults(bad)) << bad;
}

}  // namespace
}  // namespace stead::kdc
