#include "proxy/headers/challenges.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "proxy/headers/outgoing_response.h"

namespace stead::proxy {
namespace {

std::vector<std::string> schemes(const std::string& value) {
  std::vector<std::string> out;
  ChallengeReader reader(value);
  while (const auto challenge = reader.next()) out.emplace_back(challenge->scheme);
  return out;
}
std::string others(const std::string& value) {
  std::string out;
  append_other_challenges(out, value);
  return out;
}

TEST(Challenges, AreTakenOneByOne) {
  using testing::ElementsAre;
  EXPECT_THAT(schemes("Negotiate"), ElementsAre("Negotiate"));
  EXPECT_THAT(schemes("Basic realm=\"a, b\", Negotiate YII=, Bearer realm=\"c\", scope = d"),
              ElementsAre("Basic", "Negotiate", "Bearer"));
  EXPECT_THAT(schemes(" , ,Basic realm=x,, NTLM ,"), ElementsAre("Basic", "NTLM"));
  EXPECT_THAT(schemes("Bearer error=\"a \\\", Negotiate\", x=y"), ElementsAre("Bearer"));
  EXPECT_TRUE(schemes("").empty());
  EXPECT_TRUE(schemes(" ,, ").empty());
}

TEST(Challenges, OfConnectionsStayHere) {
  for (const char* const value : {"Negotiate", "negotiate YII=", "NTLM", "Kerberos", "NTLM TlRM", " ,Negotiate"}) {
    EXPECT_TRUE(has_connection_scheme(value)) << value;
    EXPECT_EQ(others(value), "") << value;
  }
  EXPECT_EQ(others("Basic realm=\"x\", Negotiate"), "Basic realm=\"x\"");
  EXPECT_EQ(others("Negotiate YII=, Bearer realm=\"a, b\", scope=\"c\",NTLM,Digest nonce=\"1\""),
            "Bearer realm=\"a, b\", scope=\"c\", Digest nonce=\"1\"");
}

TEST(Challenges, ThatOnlyMentionAConnectionsSchemePass) {
  for (const char* const value : {"Basic realm=\"Negotiate\"", "Basic realm=\"a, Negotiate\"", "Bearer realm=x",
                                  "Negotiated x", "Bearer negotiate=1"}) {
    EXPECT_FALSE(has_connection_scheme(value)) << value;
    EXPECT_EQ(others(value), value);
  }
}

TEST(Challenges, AreNotHiddenByAQuotedStringWithoutEnd) {
  EXPECT_TRUE(has_connection_scheme("Basic realm=\"x, Negotiate"));
  EXPECT_THAT(others("Basic realm=\"x, Negotiate YII="), testing::Not(testing::HasSubstr("Negotiate")));
}

TEST(Challenges, CarryTheNegotiateToken) {
  EXPECT_EQ(negotiate_token_of("Negotiate YII="), "YII=");
  EXPECT_EQ(negotiate_token_of("negotiate   YII=, Basic realm=x"), "YII=");
  EXPECT_EQ(negotiate_token_of("Basic realm=\"x\", Negotiate YII="), "YII=");
  EXPECT_EQ(negotiate_token_of("Negotiate, Negotiate YII="), "YII=");
  EXPECT_EQ(negotiate_token_of("Negotiate"), "");
  EXPECT_FALSE(negotiate_token_of("Negotiated x"));
  EXPECT_FALSE(negotiate_token_of("Basic x"));
  EXPECT_FALSE(negotiate_token_of("Basic realm=\"Negotiate YII=\""));
}

TEST(ResponseHeads, PassTheChallengesOfAnApplication) {
  std::string bytes =
      "HTTP/1.1 401 No\r\nWWW-Authenticate: Negotiate, Bearer realm=\"x\"\r\nwww-authenticate: NTLM\r\n"
      "WWW-Authenticate: Basic realm=\"y\"\r\nContent-Length: 0\r\n\r\n";
  ResponseHead head;
  ASSERT_TRUE(parse_response_head(bytes, AnswerTo::other, head).empty());
  std::string out;
  write_response_head(out, {.head = head, .framing = Framing::none}, "0123", nullptr);
  EXPECT_EQ(out,
            "HTTP/1.1 401 No\r\nWWW-Authenticate: Bearer realm=\"x\"\r\nWWW-Authenticate: Basic realm=\"y\"\r\n"
            "X-Request-Id: 0123\r\nContent-Length: 0\r\n\r\n");
}

}  // namespace
}  // namespace stead::proxy
