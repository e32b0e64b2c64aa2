#include "proxy/observe/audit_log.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace stead::proxy {
namespace {

AuditEvent of_user(std::string_view user) {
  return {.kind = AuditKind::sign_in,
          .user = user,
          .method = "forms",
          .address = "10.0.0.1",
          .request_id = "r1",
          .detail = ""};
}

TEST(AuditLog, IsOneJsonObjectOnOneLine) {
  EXPECT_EQ(to_json(of_user("alice@A")),
            R"({"audit":"sign-in","user":"alice@A","method":"forms","address":"10.0.0.1","request":"r1"})");
}

struct Text {
  const char* name;
  std::string_view text;
  std::string json;
};
class JsonString : public testing::TestWithParam<Text> {};
TEST_P(JsonString, HasNothingThatEndsIt) {
  std::string out;
  append_json_string(out, GetParam().text);
  EXPECT_EQ(out, '"' + GetParam().json + '"');
}
INSTANTIATE_TEST_SUITE_P(
    Texts, JsonString,
    testing::Values(
        Text{"plain", "alice", "alice"}, Text{"quotes", "a\"b\\c", "a\\\"b\\\\c"},
        Text{"lines", "a\r\n{\"audit\":\"sign-in\"}", "a\\u000d\\u000a{\\\"audit\\\":\\\"sign-in\\\"}"},
        Text{"utf8", "J\xc3\xb6rg \xe2\x82\xac \xf0\x9f\x98\x80", "J\xc3\xb6rg \xe2\x82\xac \xf0\x9f\x98\x80"},
        Text{"no_utf8", "a\xff\xc0\xaf", "a\\ufffd\\ufffd\\ufffd"},
        Text{"surrogate", "\xed\xa0\x80", "\\ufffd\\ufffd\\ufffd"},
        Text{"c1",
             "a\xc2\x9b"
             "31mb\xc2\x85",
             "a\\u009b31mb\\u0085"},
        Text{"bidi", "\xe2\x80\xaegpj.exe\xe2\x81\xa6\xe2\x80\x8f\xd8\x9c", "\\u202egpj.exe\\u2066\\u200f\\u061c"},
        Text{"separators", "\xe2\x80\xa8\xe2\x80\xa9\xef\xbb\xbf", "\\u2028\\u2029\\ufeff"},
        Text{"tags", "\xf3\xa0\x81\xa1", "\\udb40\\udc61"},
        Text{"nbsp_and_letters", "\xc2\xa0\xc3\x9f\xd7\x90", "\xc2\xa0\xc3\x9f\xd7\x90"},
        Text{"cut", "\xe2\x82", "\\ufffd\\ufffd"},
        Text{"delete_and_nul", std::string_view("\x7f\0", 2), "\\u007f\\u0000"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(AuditLog, CutsLongFields) {
  EXPECT_LT(to_json(of_user(std::string(100000, 'a'))).size(), 700u);
}

}  // namespace
}  // namespace stead::proxy
