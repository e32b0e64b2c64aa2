#include "proxy/http/fields/trace_context.h"

#include <gtest/gtest.h>

#include <string>

namespace stead::proxy {
namespace {

const std::string kTrace = "4bf92f3577b34da6a3ce929d0e0e4736", kParent = "00f067aa0ba902b7";
const std::string kGood = "00-" + kTrace + "-" + kParent + "-01";

TEST(TraceContext, GoesOnUnderTheRequestsOwnId) {
  const TraceContext trace = parse_traceparent(kGood);
  ASSERT_TRUE(trace);
  EXPECT_EQ(trace.trace_id, kTrace);
  std::string out;
  append_traceparent(out, trace,
                     "0123456789abcdef"
                     "fedcba9876543210");
  EXPECT_EQ(out, "00-" + kTrace + "-fedcba9876543210-01");
}

TEST(TraceContext, KeepsOfTheFlagsWhatVersion00Knows) {
  for (const auto& [flags, sent] : {std::pair{"00", "00"}, {"01", "01"}, {"ff", "01"}, {"fe", "00"}}) {
    const std::string value = "00-" + kTrace + "-" + kParent + "-" + flags;
    std::string out;
    append_traceparent(out, parse_traceparent(value), "0000000000000000fedcba9876543210");
    EXPECT_EQ(out.substr(53), sent);
  }
}

TEST(TraceContext, ReadsALaterVersionAsFarAsItIsTheFirst) {
  EXPECT_TRUE(parse_traceparent("01" + kGood.substr(2)));
  EXPECT_TRUE(parse_traceparent("cc" + kGood.substr(2) + "-more"));
  EXPECT_FALSE(parse_traceparent("cc" + kGood.substr(2) + "more"));
}

TEST(TraceContext, RefusesWhatIsNotOne) {
  for (const std::string& value :
       {std::string(), kGood.substr(1), kGood + "0", kGood + "-x", "ff" + kGood.substr(2), "0g" + kGood.substr(2),
        "00_" + kGood.substr(3), "00-" + std::string(32, '0') + "-" + kParent + "-01",
        "00-" + kTrace + "-" + std::string(16, '0') + "-01", "00-" + kTrace + "-" + kParent + "-0x",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-" + kParent + "-01", std::string(200, '-')})
    EXPECT_FALSE(parse_traceparent(value)) << value;
}

}  // namespace
}  // namespace stead::proxy
