#include "proxy/sessions/session_cookie.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/http/cookies.h"

namespace stead::proxy {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kHost = "web.corp.test";

SessionKeys keys(std::initializer_list<int> seeds) {
  SecretBuffer all;
  for (const int seed : seeds) all.insert(all.end(), kSessionKeySize, std::uint8_t(seed));
  return SessionKeys(all);
}

SessionCookie sample() {
  SessionCookie cookie;
  cookie.session = {.id = "00112233445566778899aabbccddeeff",
                    .user = "alice@ROOT.EXAMPLE",
                    .method = SignInMethod::forms,
                    .expires = std::chrono::sys_seconds(1800000000s)};
  cookie.issued = std::chrono::sys_seconds(1700000000s);
  cookie.seen = std::chrono::sys_seconds(1700000100s);
  return cookie;
}

TEST(SessionCookie, SurvivesSealingAndOpening) {
  const auto opened = open_session(keys({1}), seal_session(keys({1}), sample(), kHost), kHost);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->session.id, sample().session.id);
  EXPECT_EQ(opened->session.user, "alice@ROOT.EXAMPLE");
  EXPECT_EQ(opened->session.method, SignInMethod::forms);
  EXPECT_EQ(opened->session.expires, sample().session.expires);
  EXPECT_EQ(opened->issued, sample().issued);
  EXPECT_EQ(opened->seen, sample().seen);
}

TEST(SessionCookie, OpensForItsHostAndUseOnly) {
  const SessionKeys ours = keys({1});
  const std::string sealed = seal_session(ours, sample(), kHost);
  for (const char* other : {"", "other.corp.test", "web.corp.tes", "web.corp.test.", "WEB.corp.test"})
    EXPECT_FALSE(open_session(ours, sealed, other)) << other;
  EXPECT_FALSE(ours.open_sealed(sealed, {.purpose = "form", .host = kHost}));
  EXPECT_FALSE(open_session(ours, ours.seal(encode(sample()), {.purpose = "form", .host = kHost}), kHost));
  // The two are kept apart: no purpose and host together look like others.
  EXPECT_FALSE(
      ours.open_sealed(ours.seal(Buffer{1}, {.purpose = "session", .host = "a"}), {.purpose = "sessiona", .host = ""}));
  OpenedCookies opened(ours);
  EXPECT_TRUE(opened.open(sealed, kHost));
  EXPECT_FALSE(opened.open(sealed, "other.corp.test")) << "the cache knows hosts too";
}

TEST(SessionCookie, HasTheUsersGroupsOrSaysThatTheyAreNotKnown) {
  for (const auto& groups : {std::optional<std::vector<std::uint8_t>>(), std::optional(std::vector<std::uint8_t>()),
                             std::optional(std::vector<std::uint8_t>{0, 7, 255})}) {
    SessionCookie cookie = sample();
    cookie.session.groups = groups;
    cookie.groups_digest = Buffer(8, 3);
    const auto opened = decode_session_cookie(encode(cookie));
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->session.groups, groups);
    EXPECT_EQ(opened->groups_digest, cookie.groups_digest);
    EXPECT_EQ(opened->session.user, cookie.session.user);
  }
}

TEST(SessionCookie, OfACertificateNamesIt) {
  SessionCookie cookie = sample();
  cookie.session.method = SignInMethod::certificate;
  cookie.certificate = Buffer(32, 0xc5);
  const auto opened = open_session(keys({1}), seal_session(keys({1}), cookie, kHost), kHost);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->certificate, cookie.certificate);
  EXPECT_EQ(opened->session.user, cookie.session.user);
  Buffer without = encode(cookie);
  without.resize(without.size() - 32);
  EXPECT_EQ(decode_session_cookie(without).error(), make_error_code(WireErrc::bad_length));
}

TEST(OpenedCookies, FindWhatOpeningFinds) {
  const SessionKeys ours = keys({1});
  OpenedCookies opened(ours);
  const std::string sealed = seal_session(ours, sample(), kHost);
  for (int i = 0; i < 3; ++i) {
    const SessionCookie* const found = opened.open(sealed, kHost);
    ASSERT_TRUE(found);
    EXPECT_EQ(encode(*found), encode(sample()));
  }
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    std::string changed = sealed;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(opened.open(changed, kHost)) << "character " << i;
    EXPECT_FALSE(opened.open(std::string_view(sealed).substr(0, i), kHost));
  }
  EXPECT_FALSE(opened.open("", kHost));
  EXPECT_FALSE(opened.open(sealed + "A", kHost));
  EXPECT_FALSE(opened.open(seal_session(keys({2}), sample(), kHost), kHost));
  EXPECT_TRUE(opened.open(sealed, kHost));
}

TEST(OpenedCookies, KeepMoreThanTheyHaveRoomForApart) {
  const SessionKeys ours = keys({1});
  OpenedCookies opened(ours);
  std::vector<std::string> all;
  for (int i = 0; i < 3000; ++i) {
    SessionCookie cookie = sample();
    cookie.session.user = "user" + std::to_string(i) + "@ROOT.EXAMPLE";
    all.push_back(seal_session(ours, cookie, kHost));
  }
  for (int round = 0; round < 2; ++round)
    for (int i = 0; i < 3000; ++i) {
      const SessionCookie* const found = opened.open(all[static_cast<std::size_t>(i)], kHost);
      ASSERT_TRUE(found);
      ASSERT_EQ(found->session.user, "user" + std::to_string(i) + "@ROOT.EXAMPLE");
    }
}

TEST(SessionCookie, IsRefusedWithAnyCharacterChanged) {
  const std::string sealed = seal_session(keys({1}), sample(), kHost);
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    std::string changed = sealed;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(open_session(keys({1}), changed, kHost)) << "character " << i;
  }
}

TEST(SessionCookie, IsRefusedCutShortOrLengthened) {
  const std::string sealed = seal_session(keys({1}), sample(), kHost);
  for (std::size_t size = 0; size < sealed.size(); ++size)
    EXPECT_FALSE(open_session(keys({1}), sealed.substr(0, size), kHost));
  EXPECT_FALSE(open_session(keys({1}), sealed + "A", kHost));
  EXPECT_FALSE(open_session(keys({1}), sealed + "AAAA", kHost));
  EXPECT_FALSE(open_session(keys({1}), std::string(100000, 'A'), kHost));
}

TEST(SessionCookie, OpensUnderAnOldKeyWhileItIsListed) {
  const std::string sealed = seal_session(keys({1}), sample(), kHost);
  EXPECT_TRUE(open_session(keys({2, 1}), sealed, kHost));
  EXPECT_FALSE(open_session(keys({2}), sealed, kHost));
}

TEST(SessionCookie, NeverLooksTheSameTwice) {
  EXPECT_NE(seal_session(keys({1}), sample(), kHost), seal_session(keys({1}), sample(), kHost));
  EXPECT_NE(new_session_id(), new_session_id());
  EXPECT_EQ(new_session_id().size(), 32u);
}

struct Refused {
  const char* name;
  Buffer content;
  WireErrc why;
};
Buffer changed(std::size_t at, std::uint8_t to) {
  Buffer content = encode(sample());
  content[at] = to;
  return content;
}
Buffer cut() {
  Buffer content = encode(sample());
  content.pop_back();
  return content;
}
class SessionCookieContentRefuses : public testing::TestWithParam<Refused> {};
TEST_P(SessionCookieContentRefuses, WithTheRightError) {
  EXPECT_EQ(decode_session_cookie(GetParam().content).error(), make_error_code(GetParam().why));
}
INSTANTIATE_TEST_SUITE_P(Contents, SessionCookieContentRefuses,
                         testing::Values(Refused{"empty", {}, WireErrc::truncated},
                                         Refused{"short", Buffer(10), WireErrc::truncated},
                                         Refused{"version", changed(0, 1), WireErrc::unsupported},
                                         Refused{"groups_flag", changed(50, 2), WireErrc::bad_value},
                                         Refused{"too_many_groups", changed(51, 0x40), WireErrc::bad_length},
                                         Refused{"method", changed(17, 9), WireErrc::bad_value},
                                         Refused{"negative_time", changed(18, 0xff), WireErrc::bad_value},
                                         Refused{"far_future", changed(26, 0x7f), WireErrc::bad_value},
                                         Refused{"beyond_the_clock", changed(29, 0x04), WireErrc::bad_value},
                                         Refused{"user_too_long", cut(), WireErrc::bad_length}),
                         [](const auto& test) { return std::string(test.param.name); });

struct CookieHeader {
  const char* name;
  std::string_view header;
  std::string_view value;  // "-": nothing
};
class FindCookie : public testing::TestWithParam<CookieHeader> {};
TEST_P(FindCookie, TakesTheOneOfThisName) {
  EXPECT_EQ(find_cookie(GetParam().header, "stead").value_or("-"), GetParam().value);
}
INSTANTIATE_TEST_SUITE_P(Headers, FindCookie,
                         testing::Values(CookieHeader{"alone", "stead=x", "x"},
                                         CookieHeader{"among_others", "a=1; stead=x; b=2", "x"},
                                         CookieHeader{"no_blanks", "a=1;stead=x;b=2", "x"},
                                         CookieHeader{"other_name", "xstead=1; steadx=2", "-"},
                                         CookieHeader{"none", "", "-"}, CookieHeader{"empty_value", "stead=", ""},
                                         CookieHeader{"twice_the_same", "stead=x; stead=x", "x"},
                                         CookieHeader{"two_values_are_none", "stead=x; stead=y", "-"},
                                         CookieHeader{"case_matters", "Stead=x", "-"}),
                         [](const auto& test) { return std::string(test.param.name); });

class SessionKeyFile : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "stead-XXXXXX";
    folder = mkdtemp(pattern.data());
    path = folder + "/session.key";
  }
  void TearDown() override { std::filesystem::remove_all(folder); }
  std::string folder, path;
};

TEST_F(SessionKeyFile, IsMadeOncePrivateAndReadAgain) {
  const auto first = SessionKeys::open(path);
  ASSERT_TRUE(first) << to_string(first.error());
  struct stat info{};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_EQ(info.st_size, 32);
  const auto second = SessionKeys::open(path);
  ASSERT_TRUE(second) << to_string(second.error());
  EXPECT_TRUE(open_session(*second, seal_session(*first, sample(), kHost), kHost));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 1) << "a temporary file stayed behind";
}

TEST_F(SessionKeyFile, LosesOthersRightToReadIt) {
  std::ofstream(path) << std::string(64, 'k');
  ASSERT_EQ(::chmod(path.c_str(), 0644), 0);
  const auto keys = SessionKeys::open(path);
  ASSERT_TRUE(keys) << to_string(keys.error());
  struct stat info{};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(SessionKeyFile, OfAnotherSizeIsRefusedByName) {
  std::ofstream(path) << "too short";
  const auto short_file = SessionKeys::open(path);
  ASSERT_FALSE(short_file);
  const std::string message = to_string(short_file.error());
  EXPECT_NE(message.find(path), std::string::npos);
  EXPECT_NE(message.find("9 bytes"), std::string::npos);
  const auto none = SessionKeys::open(folder + "/none/session.key");
  ASSERT_FALSE(none);
  EXPECT_NE(to_string(none.error()).find("/none/session.key"), std::string::npos);
}

}  // namespace
}  // namespace stead::proxy
