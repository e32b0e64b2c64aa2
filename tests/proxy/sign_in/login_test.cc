#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "proxy/sign_in/login_form.h"
#include "proxy/sign_in/throttle/answer_times.h"
#include "proxy/sign_in/throttle/login_throttle.h"

namespace stead::proxy {
namespace {

using namespace std::chrono_literals;

struct ReturnPath {
  const char* name;
  std::string_view text;
  std::string_view safe;  // "-": refused
};
class SafeReturnPath : public testing::TestWithParam<ReturnPath> {};
TEST_P(SafeReturnPath, StaysOnThisOrigin) {
  EXPECT_EQ(safe_return_path(GetParam().text).value_or("-"), GetParam().safe);
}
INSTANTIATE_TEST_SUITE_P(Paths, SafeReturnPath,
                         testing::Values(ReturnPath{"root", "/", "/"}, ReturnPath{"none", "", "/"},
                                         ReturnPath{"with_query", "/a/b?c=d&e=%20", "/a/b?c=d&e=%20"},
                                         ReturnPath{"other_host", "//evil.example/", "-"},
                                         ReturnPath{"backslash_host", "/\\evil.example", "-"},
                                         ReturnPath{"backslash_later", "/a\\b", "-"},
                                         ReturnPath{"absolute", "https://evil.example/", "-"},
                                         ReturnPath{"scheme", "javascript:alert(1)", "-"},
                                         ReturnPath{"relative", "a/b", "-"},
                                         ReturnPath{"tab_before_host", "/\t/evil.example", "-"},
                                         ReturnPath{"newline", "/a\r\nSet-Cookie: x=y", "-"},
                                         ReturnPath{"blank", "/a b", "-"}, ReturnPath{"not_ascii", "/\xc3\xa4", "-"}),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(LoginForm, IsReadFieldByField) {
  const auto form =
      parse_login_form("username=alice%40root.example&password=p%26+%C3%A4&return=%2Fa%3Fb&csrf=t0k&more=1");
  ASSERT_TRUE(form);
  EXPECT_EQ(form->username, "alice@root.example");
  EXPECT_EQ(form->password, "p& \xc3\xa4");
  EXPECT_EQ(form->return_path, "/a?b");
  EXPECT_EQ(form->csrf, "t0k");
}

class LoginFormRefuses : public testing::TestWithParam<const char*> {};
TEST_P(LoginFormRefuses, BrokenBodies) {
  EXPECT_FALSE(parse_login_form(GetParam()));
}
INSTANTIATE_TEST_SUITE_P(Bodies, LoginFormRefuses,
                         testing::Values("username=a&username=b", "password=%4", "password=%zz", "username=a%00b",
                                         "username=%ff", "username=%c0%af", "username=%ed%a0%80", "%zz=1"));

TEST(LoginForm, OfTooManyFieldsIsRefused) {
  std::string body;
  for (int i = 0; i < 100; ++i) body += "a=b&";
  EXPECT_EQ(parse_login_form(body).error(), make_error_code(WireErrc::too_large));
}

TEST(QueryParameter, IsTheOneOfThisName) {
  EXPECT_EQ(query_parameter("/.stead/login?return=%2Fx&a=b", "return"), "/x");
  EXPECT_FALSE(query_parameter("/.stead/login", "return"));
  EXPECT_FALSE(query_parameter("/?return=a&return=b", "return"));
  EXPECT_EQ(form_decode(percent_encode("/a?b=c&d e%")), "/a?b=c&d e%");
}

class LoginThrottleTest : public testing::Test {
 protected:
  void use(LoginThrottle::Options options) { throttle = std::make_shared<LoginThrottle>(options); }
  LoginThrottle::Turn turn(std::string_view user, std::string_view address, LoginThrottle::Clock::duration at) {
    return LoginThrottle::begin(throttle, throttled_unknown(user, "A"), address, start + at);
  }
  // How long to wait; zero where a try may go on.
  std::chrono::seconds wait(std::string_view user, std::string_view address, LoginThrottle::Clock::duration at = {}) {
    const auto got = turn(user, address, at);
    const auto* left = std::get_if<std::chrono::seconds>(&got);
    return left ? *left : 0s;
  }
  void fail(std::string_view user, std::string_view address, LoginThrottle::Clock::duration at = {}) {
    auto got = turn(user, address, at);
    ASSERT_TRUE(std::holds_alternative<LoginThrottle::Try>(got)) << user << " from " << address;
    std::get<LoginThrottle::Try>(got).failed(start + at);
  }
  void succeed(std::string_view user, std::string_view address, LoginThrottle::Clock::duration at = {}) {
    auto got = turn(user, address, at);
    ASSERT_TRUE(std::holds_alternative<LoginThrottle::Try>(got)) << user << " from " << address;
    std::get<LoginThrottle::Try>(got).succeeded(start + at);
  }
  std::shared_ptr<LoginThrottle> throttle;
  const LoginThrottle::Clock::time_point start = LoginThrottle::Clock::time_point(1000h);
};

TEST_F(LoginThrottleTest, GivesAnAddressSoManyTriesForAnAccount) {
  use({.per_user = 3, .per_address = 100, .window = 60s});
  for (int i = 0; i < 3; ++i) fail(i % 2 ? "Alice" : "alice", "10.0.0.1", 1s * i);
  EXPECT_EQ(wait("ALICE", "10.0.0.1", 10s), 50s);
  EXPECT_EQ(wait("bob", "10.0.0.1", 10s), 0s);
  EXPECT_EQ(wait("alice", "10.0.0.1", 60s), 0s);
}

// One allowance at the end of a window and the next at the start of another would be twice as many at once.
TEST_F(LoginThrottleTest, HasAWindowThatSlides) {
  use({.per_user = 3, .per_address = 100, .window = 60s});
  for (const auto at : {0s, 58s, 59s}) fail("alice", "a", at);
  EXPECT_EQ(wait("alice", "a", 59s), 1s);
  fail("alice", "a", 60s);
  EXPECT_EQ(wait("alice", "a", 61s), 57s);
  EXPECT_EQ(wait("alice", "a", 117s), 1s);
}

TEST_F(LoginThrottleTest, StrangersDoNotShutAUserOut) {
  use({.per_user = 5, .per_address = 100, .window = 1800s});
  succeed("alice", "home");
  for (int i = 0; i < 5; ++i) fail("alice", "evil", 1s * i);
  EXPECT_GT(wait("alice", "evil", 10s), 0s);
  succeed("alice", "elsewhere", 10s);
  for (const char* other : {"b", "c", "d", "e", "f"}) fail("alice", other, 11s);
  EXPECT_GT(wait("alice", "evil", 12s), 0s) << "the user's success gives the stranger nothing";
  for (const char* other : {"g", "h", "i", "j"}) fail("alice", other, 12s);
  EXPECT_GT(wait("alice", "k", 13s), 0s) << "9 failures in all, and AD often locks an account at 10";
  succeed("alice", "home", 13s);
}

TEST_F(LoginThrottleTest, AnAddressWhereTheUserSignedInHasTwoTriesAtAnyTime) {
  use({.per_user = 2, .per_address = 100, .window = 60s});
  succeed("alice", "home");
  for (const char* other : {"b", "c", "d"}) fail("alice", other);
  EXPECT_GT(wait("alice", "e"), 0s);
  fail("alice", "home");
  fail("alice", "home");
  EXPECT_GT(wait("alice", "home"), 0s);
}

TEST_F(LoginThrottleTest, TakesEverySpellingOfAUserForOne) {
  use({.per_user = 4, .per_address = 100, .window = 60s});
  for (const char* name : {"alice", "ROOT\\Alice", "alice@root.example", "ALICE@ROOT.EXAMPLE"}) fail(name, "a");
  EXPECT_EQ(wait(" alice", "a"), 60s);
  EXPECT_EQ(throttled_unknown("J\xc3\xb6rg@x", "A"), throttled_unknown("j\xc3\x96RG", "A"));
  EXPECT_NE(throttled_unknown("j\xc3\xb6rg", "A"), throttled_unknown("j\xc3\xa4rg", "A"));
  EXPECT_EQ(throttled_account("M\xc3\x9cLLER@ROOT.EXAMPLE"), throttled_account("m\xc3\xbcller@root.example"));
  EXPECT_NE(throttled_account("alice@ROOT.EXAMPLE"), throttled_account("alice@OTHER.EXAMPLE"));
}

TEST_F(LoginThrottleTest, CountsFailuresOfOneAddressAndForgetsAUserOnSuccess) {
  use({.per_user = 2, .per_address = 3, .window = 60s});
  fail("alice", "a");
  succeed("alice", "a");
  fail("alice", "a");
  EXPECT_EQ(wait("alice", "b"), 0s);
  fail("bob", "a");
  EXPECT_EQ(wait("carol", "a"), 60s);
}

TEST_F(LoginThrottleTest, SuccessesAndTriesWithoutAnAnswerCountForNothing) {
  use({.per_user = 2, .per_address = 2, .window = 60s});
  for (int i = 0; i < 20; ++i) succeed("alice", "a");
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(std::holds_alternative<LoginThrottle::Try>(turn("alice", "a", {})));
}

TEST_F(LoginThrottleTest, RunsNoMoreTriesAtOnceThanMayFail) {
  use({.per_user = 3, .per_address = 100, .window = 60s});
  fail("alice", "a");
  auto first = turn("alice", "a", {}), second = turn("ALICE@x", "a", {});
  ASSERT_TRUE(std::holds_alternative<LoginThrottle::Try>(first));
  ASSERT_TRUE(std::holds_alternative<LoginThrottle::Try>(second));
  EXPECT_TRUE(std::holds_alternative<LoginThrottle::Busy>(turn("alice", "a", {})));
  EXPECT_TRUE(std::holds_alternative<LoginThrottle::Try>(turn("bob", "a", {})));
  std::get<LoginThrottle::Try>(first).failed(start);
  EXPECT_TRUE(std::holds_alternative<LoginThrottle::Busy>(turn("alice", "a", {})));
  std::get<LoginThrottle::Try>(second).failed(start);
  EXPECT_EQ(wait("alice", "a"), 60s);
}

TEST_F(LoginThrottleTest, RunsNoMoreTriesAtOnceFromManyAddresses) {
  use({.per_user = 3, .per_address = 100, .window = 60s});
  std::vector<LoginThrottle::Turn> turns;
  int running = 0;
  for (int i = 0; i < 50; ++i) {
    turns.push_back(turn("alice", "10.0.0." + std::to_string(i), {}));
    running += std::holds_alternative<LoginThrottle::Try>(turns.back()) ? 1 : 0;
  }
  EXPECT_EQ(running, 5);
}

TEST_F(LoginThrottleTest, TakesTheNetworkOfAnIpv6HostForOneAddress) {
  EXPECT_EQ(throttled_address("2001:db8::1"), throttled_address("2001:db8:0:0:ffff::2"));
  EXPECT_NE(throttled_address("2001:db8::1"), throttled_address("2001:db8:0:1::1"));
  EXPECT_NE(throttled_address("::ffff:10.0.0.1"), throttled_address("::ffff:10.0.0.2"));
  EXPECT_EQ(throttled_address("10.0.0.1"), "10.0.0.1");
}

TEST_F(LoginThrottleTest, RemembersNoMoreThanItsLimit) {
  use({.per_user = 1, .per_address = 1000000, .window = 60s, .entries = 10});
  for (int i = 0; i < 100; ++i) fail("user" + std::to_string(i), "a", 1ms * i);
  EXPECT_EQ(wait("user0", "a", 1s), 0s);
  EXPECT_GT(wait("user99", "a", 1s), 0s);
}

TEST(AnswerTimes, MakeRefusalsAsLongAsTheSlowestJudgement) {
  AnswerTimes times;
  const AnswerTimes::Clock::time_point start(1000h);
  EXPECT_EQ(times.for_refusals(start), 150ms);
  times.add(20ms, start);
  EXPECT_EQ(times.for_refusals(start), 150ms);
  times.add(400ms, start);
  times.add(30ms, start + 1s);
  EXPECT_GT(times.for_refusals(start + 1s), 400ms);
  EXPECT_GT(times.for_refusals(start + 60s), 400ms) << "the minute before";
  EXPECT_EQ(times.for_refusals(start + 120s), 150ms);
  times.add(1h, start + 180s);
  EXPECT_LE(times.for_refusals(start + 180s), 5s);
}

TEST(WipeText, LeavesNothingBehindAlsoAfterAMove) {
  std::string text = "secret";
  const char* const memory = text.data();
  const std::string moved = std::move(text);
  wipe_text(text);
  EXPECT_EQ(std::string_view(memory, 6).find("ecret"), std::string_view::npos);
}

}  // namespace
}  // namespace stead::proxy
