#include "sspi_shim/base/json_text.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace stead {
namespace {

struct Text {
  const char* name;
  std::string_view text;
  std::string json;
};
class JsonText : public testing::TestWithParam<Text> {};
TEST_P(JsonText, HasNothingThatEndsIt) {
  std::string out;
  append_json_string(out, GetParam().text);
  EXPECT_EQ(out, '"' + GetParam().json + '"');
}
INSTANTIATE_TEST_SUITE_P(Texts, JsonText,
                         testing::Values(Text{"plain", "alice", "alice"}, Text{"quotes", "a\"b\\c", "a\\\"b\\\\c"},
                                         Text{"all_escapes", "a\"\\\n", "a\\\"\\\\\\u000a"},
                                         Text{"lines", "a\r\n{\"audit\":\"sign-in\"}",
                                              "a\\u000d\\u000a{\\\"audit\\\":\\\"sign-in\\\"}"},
                                         Text{"utf8", "J\xc3\xb6rg \xe2\x82\xac \xf0\x9f\x98\x80",
                                              "J\xc3\xb6rg \xe2\x82\xac \xf0\x9f\x98\x80"},
                                         Text{"no_utf8", "a\xff\xc0\xaf", "a\\ufffd\\ufffd\\ufffd"},
                                         Text{"surrogate", "\xed\xa0\x80", "\\ufffd\\ufffd\\ufffd"},
                                         Text{"cut", "\xe2\x82", "\\ufffd\\ufffd"},
                                         Text{"delete_and_nul", std::string_view("\x7f\0", 2), "\\u007f\\u0000"}),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace stead
