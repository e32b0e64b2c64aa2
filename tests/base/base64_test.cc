#include "sspi_shim/base/base64.h"

#include <cstddef>
#include <cstdint>

#include <gtest/gtest.h>

namespace stead {
namespace {

TEST(Base64, IsReadAsWrittenAndNothingElseIs) {
  EXPECT_EQ(base64(Buffer{1, 2, 3, 4}), "AQIDBA==");
  EXPECT_EQ(from_base64("AQIDBA=="), (Buffer{1, 2, 3, 4}));
  for (const char* bad : {"", "A", "AQIDBA=", "AQ=DBA==", "AQI*BA==", "====", "AQIDBA= ", " AQIDBA=", "AQID\r\nBA",
                          "AQID\xc3\xa4"
                          "BA",
                          "AQ-_BA==", "A====="})
    EXPECT_FALSE(from_base64(bad) && !from_base64(bad)->empty()) << bad;
  for (std::size_t size = 1; size < 70; ++size) {
    Buffer bytes(size);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 37 + size);
    EXPECT_EQ(from_base64(base64(bytes)), bytes);
  }
}

TEST(Base64Url, TakesOneSpellingOnly) {
  for (std::size_t size = 0; size < 50; ++size) {
    const Buffer bytes(size, 0xa7);
    EXPECT_EQ(from_base64url(base64url(bytes)), bytes);
  }
  EXPECT_FALSE(from_base64url("A"));
  EXPECT_FALSE(from_base64url("AB"));  // stray bits
  EXPECT_FALSE(from_base64url("AA=="));
  EXPECT_FALSE(from_base64url("+/"));
}

}  // namespace
}  // namespace stead
