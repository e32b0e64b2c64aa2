#include "sspi_shim/base/bytes.h"

#include <cstdint>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "sspi_shim/base/hex.h"
#include "sspi_shim/base/text.h"
#include "sspi_shim/base/unicode.h"

namespace stead {
namespace {

TEST(Hex, GoesThereAndBack) {
  EXPECT_EQ(to_hex(Buffer{0x00, 0x7f, 0xff}), "007fff");
  EXPECT_EQ(from_hex("00 7F\nfF"), (Buffer{0x00, 0x7f, 0xff}));
  EXPECT_EQ(to_hex({}), "");
}

TEST(Hex, RefusesWhatIsNotHexWhole) {
  for (const char* text : {"0", "0g", "0x00", "00 1", "-1"}) EXPECT_TRUE(from_hex(text).empty()) << text;
}

TEST(ConstantTime, ComparesContentAndSize) {
  const Buffer a{1, 2, 3}, b{1, 2, 4}, c{1, 2};
  EXPECT_TRUE(equal_in_constant_time(a, Buffer(a)));
  EXPECT_FALSE(equal_in_constant_time(a, b));
  EXPECT_FALSE(equal_in_constant_time(a, c));
  EXPECT_TRUE(equal_in_constant_time({}, {}));
}

struct Utf {
  const char* name;
  std::string_view utf8;
  const char* utf16;
};

class UtfBothWays : public testing::TestWithParam<Utf> {};
TEST_P(UtfBothWays, IsLossless) {
  EXPECT_EQ(to_hex(to_utf16le(GetParam().utf8)), GetParam().utf16);
  EXPECT_EQ(from_utf16le(from_hex(GetParam().utf16)), GetParam().utf8);
}
INSTANTIATE_TEST_SUITE_P(
    Text, UtfBothWays,
    testing::Values(Utf{"empty", "", ""}, Utf{"ascii", "al", "61006c00"}, Utf{"two_bytes", "\xC3\xBC", "fc00"},
                    Utf{"three_bytes", "\xE2\x82\xAC", "ac20"}, Utf{"last_of_the_plane", "\xEF\xBF\xBF", "ffff"},
                    Utf{"surrogates", "\xF0\x9F\x98\x80", "3dd800de"}, Utf{"last", "\xF4\x8F\xBF\xBF", "ffdbffdf"}),
    [](const auto& test) { return std::string(test.param.name); });

class Utf8IllFormed : public testing::TestWithParam<Utf> {};
TEST_P(Utf8IllFormed, BecomesTheReplacement) {
  EXPECT_EQ(to_hex(to_utf16le(GetParam().utf8)), GetParam().utf16);
}
INSTANTIATE_TEST_SUITE_P(Text, Utf8IllFormed,
                         testing::Values(Utf{"lone_continuation", "\x80", "fdff"}, Utf{"cut_off", "\xE2\x82", "fdff"},
                                         Utf{"cut_off_and_more", "\xE2\x82z", "fdff7a00"},
                                         Utf{"overlong_slash", "\xC0\xAF", "fdfffdff"},
                                         Utf{"overlong_of_three", "\xE0\x80\xAF", "fdfffdfffdff"},
                                         Utf{"surrogate", "\xED\xA0\x80", "fdfffdfffdff"},
                                         Utf{"too_large", "\xF4\x90\x80\x80", "fdfffdfffdfffdff"}),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(Utf16IllFormed, BecomesTheReplacement) {
  for (const char* bad : {"3dd8", "00de", "41"}) EXPECT_EQ(from_utf16le(from_hex(bad)), "\xEF\xBF\xBD") << bad;
  EXPECT_EQ(from_utf16le(from_hex("3dd86100")),
            "\xEF\xBF\xBD"
            "a");
}

TEST(Case, IsOfAsciiLettersOnly) {
  EXPECT_EQ(to_upper("corp.Contoso-1\xC3\xBC"), "CORP.CONTOSO-1\xC3\xBC");
  EXPECT_EQ(to_lower("HTTP/Web"), "http/web");
  EXPECT_TRUE(equal_ignoring_case("Web.Example", "wEB.eXAMPLE"));
  EXPECT_FALSE(equal_ignoring_case("web", "web1"));
  EXPECT_FALSE(equal_ignoring_case("[", "{"));
}

TEST(Integers, AreStoredAsTheyAreLoaded) {
  std::uint8_t p[8];
  store_le64(p, 0x0102030405060708);
  EXPECT_EQ(to_hex(p), "0807060504030201");
  EXPECT_EQ(load_le64(p), 0x0102030405060708u);
  EXPECT_EQ(load_le32(p), 0x05060708u);
  EXPECT_EQ(load_be16(p), 0x0807);
  store_be32(p, 0xFEDCBA98);
  EXPECT_EQ(load_be32(p), 0xFEDCBA98u);
}

}  // namespace
}  // namespace stead
