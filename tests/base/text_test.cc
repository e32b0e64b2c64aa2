#include "sspi_shim/base/text.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string_view>

namespace stead {
namespace {

TEST(Blanks, AreTrimmedAtBothEnds) {
  EXPECT_EQ(trim_blanks(" \t a b\t "), "a b");
  EXPECT_EQ(trim_blanks("\r\n"), "\r\n");
  EXPECT_EQ(trim_blanks(" \t"), "");
}

TEST(Numbers, AreTheWholeText) {
  EXPECT_EQ(parse_number<std::uint16_t>("65535"), 65535);
  EXPECT_EQ(parse_number<std::int64_t>("-3"), -3);
  for (const char* text : {"", "-", "+1", " 1", "1 ", "0x1", "65536", "-1"})
    EXPECT_FALSE(parse_number<std::uint16_t>(text)) << text;
}

TEST(Numbers, AreTakenFromTheFront) {
  std::string_view text = "12-0xFfz";
  EXPECT_EQ(take_number<std::uint32_t>(text, 100), 12u);
  text.remove_prefix(1);
  EXPECT_EQ(take_number<std::uint32_t>(text, 255), 255u);
  EXPECT_EQ(text, "z");
  for (std::string_view refused : {"", "0x", "x", "-1", "256", "0x100", "99999999999"}) {
    const std::string_view before = refused;
    EXPECT_FALSE(take_number<std::uint32_t>(refused, 255)) << before;
    EXPECT_EQ(refused, before);
  }
}

}  // namespace
}  // namespace stead
