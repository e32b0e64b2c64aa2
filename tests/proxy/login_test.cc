#include <gtest/gtest.h>

#include "proxy/login_form.h"
#include "proxy/login_throttle.h"

namespace stead::proxy {
namespace {

using namespace std::chrono_literals;

struct ReturnPath {
  const char* name;
  std::string_view text;
  std::string_view safe;  // "-": refused
};
class SafeReturnPath : public testing::TestWithParam<ReturnPath> {};
TEST_P(SafeReturnPath, StaysOnThisOrigin) { EXPECT_EQ(safe_return_path(GetParam().text).value_or("-"), GetParam().safe); }
INSTANTIATE_TEST_SUITE_P(
    Paths, SafeReturnPath,
    testing::Values(ReturnPath{"root", "/", "/"}, ReturnPath{"none", "", "/"}, ReturnPath{"with_query", "/a/b?c=d&e=%20", "/a/b?c=d&e=%20"},
                    ReturnPath{"other_host", "//evil.example/", "-"}, ReturnPath{"backslash_host", "/\\evil.example", "-"},
                    ReturnPath{"backslash_later", "/a\\b", "-"}, ReturnPath{"absolute", "https://evil.example/", "-"},
                    ReturnPath{"scheme", "javascript:alert(1)", "-"}, ReturnPath{"relative", "a/b", "-"},
                    ReturnPath{"tab_before_host", "/\t/evil.example", "-"}, ReturnPath{"newline", "/a\r\nSet-Cookie: x=y", "-"},
                    ReturnPath{"blank", "/a b", "-"}, ReturnPath{"not_ascii", "/\xc3\xa4", "-"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(LoginForm, IsReadFieldByField) {
  const auto form = parse_login_form("username=alice%40root.example&password=p%26+%C3%A4&return=%2Fa%3Fb&csrf=t0k&more=1");
  ASSERT_TRUE(form);
  EXPECT_EQ(form->username, "alice@root.example");
  EXPECT_EQ(form->password, "p& \xc3\xa4");
  EXPECT_EQ(form->return_path, "/a?b");
  EXPECT_EQ(form->csrf, "t0k");
}

class LoginFormRefuses : public testing::TestWithParam<const char*> {};
TEST_P(LoginFormRefuses, BrokenBodies) { EXPECT_FALSE(parse_login_form(GetParam())); }
INSTANTIATE_TEST_SUITE_P(Bodies, LoginFormRefuses,
                         testing::Values("username=a&username=b", "password=%4", "password=%zz", "username=a%00b", "username=%ff",
                                         "username=%c0%af", "username=%ed%a0%80", "%zz=1"));

TEST(LoginForm, OfTooManyFieldsIsRefused) {
  std::string body;
  for (int i = 0; i < 100; ++i) body += "a=b&";
  EXPECT_EQ(parse_login_form(body).error(), make_error_code(WireErrc::too_large));
}

TEST(QueryParameter, IsTheOneOfThisName) {
  EXPECT_EQ(query_parameter("/.stead/login?return=%2Fx&a=b", "return"), "/x");
  EXPECT_FALSE(query_parameter("/.stead/login", "return"));
  EXPECT_FALSE(query_parameter("/?return=a&return=b", "return"));
  EXPECT_EQ(percent_decode(percent_encode("/a?b=c&d e%"), false), "/a?b=c&d e%");
}

TEST(LoginThrottle, CountsFailuresOfOneUserFromAnywhere) {
  LoginThrottle throttle({.per_user = 3, .per_address = 100, .window = 60s});
  const LoginThrottle::Clock::time_point start{};
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(throttle.wait_for("alice", "10.0.0.1", start), 0s);
    throttle.failed(i % 2 ? "Alice" : "alice", "10.0.0." + std::to_string(i), start + 1s * i);
  }
  EXPECT_EQ(throttle.wait_for("ALICE", "10.0.0.9", start + 10s), 50s);
  EXPECT_EQ(throttle.wait_for("bob", "10.0.0.1", start + 10s), 0s);
  EXPECT_EQ(throttle.wait_for("alice", "10.0.0.1", start + 60s), 0s);
}

TEST(LoginThrottle, CountsFailuresOfOneAddressAndForgetsAUserOnSuccess) {
  LoginThrottle throttle({.per_user = 2, .per_address = 3, .window = 60s});
  const LoginThrottle::Clock::time_point now{};
  throttle.failed("alice", "a", now);
  throttle.succeeded("alice");
  throttle.failed("alice", "a", now);
  EXPECT_EQ(throttle.wait_for("alice", "b", now), 0s);
  throttle.failed("bob", "a", now);
  EXPECT_EQ(throttle.wait_for("carol", "a", now), 60s);
}

TEST(LoginThrottle, RemembersNoMoreThanItsLimit) {
  LoginThrottle throttle({.per_user = 1, .per_address = 1000000, .window = 60s, .entries = 10});
  const LoginThrottle::Clock::time_point start{};
  for (int i = 0; i < 100; ++i) throttle.failed("user" + std::to_string(i), "a", start + 1ms * i);
  EXPECT_EQ(throttle.wait_for("user0", "b", start + 1s), 0s);
  EXPECT_GT(throttle.wait_for("user99", "b", start + 1s), 0s);
}

}  // namespace
}  // namespace stead::proxy
