#include "proxy/headers/cache_control.h"

#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proxy/headers/outgoing_response.h"
#include "proxy/http/message_head.h"
#include "proxy/http/own_response.h"

namespace stead::proxy {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string made_private(std::string_view value) {
  std::string out;
  PrivateCacheControl control;
  control.append(out, value);
  control.finish(out);
  return out;
}

TEST(CacheControl, OfAnAnswerWithOurCookieIsPrivate) {
  EXPECT_EQ(made_private("public, max-age=60"), "Cache-Control: max-age=60\r\nCache-Control: private\r\n");
  EXPECT_EQ(made_private("Public"), "Cache-Control: private\r\n");
  EXPECT_EQ(made_private("s-maxage = 60,,max-age=1"), "Cache-Control: max-age=1\r\nCache-Control: private\r\n");
  EXPECT_EQ(made_private("private, max-age=5"), "Cache-Control: private, max-age=5\r\n");
  EXPECT_EQ(made_private("no-store"), "Cache-Control: no-store\r\n");
  EXPECT_EQ(made_private("private=\"a, public\", public"),
            "Cache-Control: private=\"a, public\"\r\nCache-Control: private\r\n");
  EXPECT_EQ(made_private(""), "Cache-Control: private\r\n");
}

std::string answer(std::string bytes, const HeaderList* own) {
  ResponseHead head;
  EXPECT_EQ(parse_response_head(bytes, AnswerTo::other, head), "");
  std::string out;
  write_response_head(out, {.head = head, .framing = Framing::none}, "id", own);
  return out;
}

TEST(CacheControl, StaysAsItIsWithoutOurCookie) {
  const std::string bytes =
      "HTTP/1.1 200 OK\r\nCache-Control: public\r\nSurrogate-Control: max-age=9\r\nContent-Length: 0\r\n\r\n";
  const HeaderList cookie{{"Set-Cookie", "stead=x"}}, other{{"WWW-Authenticate", "Negotiate x"}};
  EXPECT_THAT(answer(bytes, nullptr), HasSubstr("Cache-Control: public\r\nSurrogate-Control: max-age=9\r\n"));
  EXPECT_THAT(answer(bytes, &other), HasSubstr("Cache-Control: public\r\n"));
  EXPECT_THAT(answer(bytes, &cookie), HasSubstr("Cache-Control: private\r\n"));
  EXPECT_THAT(answer(bytes, &cookie), Not(HasSubstr("public")));
  EXPECT_THAT(answer(bytes, &cookie), Not(HasSubstr("Surrogate")));
  EXPECT_THAT(answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", &cookie), HasSubstr("Cache-Control: private\r\n"));
}

}  // namespace
}  // namespace stead::proxy
