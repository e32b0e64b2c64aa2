#include "sspi_shim/base/text_time.h"

#include <chrono>

#include <gtest/gtest.h>

namespace stead {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::sys_seconds kTime = std::chrono::sys_days(std::chrono::year(1994) / 11 / 6) + 8h + 49min + 37s;

TEST(TextTime, IsRfc3339) {
  EXPECT_EQ(rfc3339(kTime), "1994-11-06T08:49:37Z");
  EXPECT_EQ(rfc3339_milliseconds(kTime), "1994-11-06T08:49:37.000Z");
  EXPECT_EQ(rfc3339_milliseconds(kTime + 42ms), "1994-11-06T08:49:37.042Z");
  EXPECT_EQ(rfc3339_milliseconds(kTime + 1999ms), "1994-11-06T08:49:38.999Z");
}

TEST(TextTime, IsTheDateOfHttp) {
  EXPECT_EQ(http_date(kTime), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), kTime);
  for (const char* text : {"", "yesterday", "1994-11-06T08:49:37Z"}) EXPECT_FALSE(parse_http_date(text)) << text;
}

}  // namespace
}  // namespace stead
