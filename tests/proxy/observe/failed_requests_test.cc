#include "proxy/observe/failed_requests.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "proxy/admin/why_page.h"

namespace stead::proxy {
namespace {

using enum FailedRequests::Kind;

FailedRequest request_with(std::string id) {
  FailedRequest out;
  out.request_id = std::move(id);
  out.status = 403;
  return out;
}

TEST(FailedRequests, KeepsTheLastOnesOfEachKind) {
  FailedRequests kept;
  const std::size_t more = FailedRequests::kKept + 3;
  for (std::size_t i = 0; i < more; ++i) kept.add(other, request_with("o" + std::to_string(i)));
  kept.add(diagnosed, request_with("d"));
  kept.add(refused_sign_in, request_with("r"));
  for (std::size_t i = 0; i < more; ++i) kept.add(other, request_with("p" + std::to_string(i)));
  EXPECT_EQ(kept.find("o5"), nullptr);
  EXPECT_EQ(kept.find("p2"), nullptr);
  ASSERT_NE(kept.find("p3"), nullptr);
  EXPECT_EQ(kept.find("p3")->status, 403);
  EXPECT_NE(kept.find("d"), nullptr);
  EXPECT_NE(kept.find("r"), nullptr);
  EXPECT_EQ(kept.find(""), nullptr);
}

TEST(FailedRequests, GivesTheNewestFirst) {
  FailedRequests kept;
  EXPECT_TRUE(kept.last(refused_sign_in).empty());
  for (std::size_t i = 0; i < FailedRequests::kKept + 2; ++i)
    kept.add(refused_sign_in, request_with(std::to_string(i)));
  const std::vector<FailedRequest> last = kept.last(refused_sign_in);
  ASSERT_EQ(last.size(), FailedRequests::kKept);
  EXPECT_EQ(last.front().request_id, std::to_string(FailedRequests::kKept + 1));
  EXPECT_EQ(last.back().request_id, "2");
}

TEST(FailedRequests, CutsLongTexts) {
  FailedRequests kept;
  FailedRequest request = request_with("a");
  request.path = request.user = request.refusal.user = request.why = request.refusal.reason = std::string(100'000, 'x');
  kept.add(diagnosed, request);
  const FailedRequest& cut = *kept.find("a");
  EXPECT_EQ(cut.path, std::string(FailedRequests::kMaxText - 3, 'x') + "...");
  EXPECT_EQ(cut.user.size(), FailedRequests::kMaxText);
  EXPECT_EQ(cut.refusal.user.size(), FailedRequests::kMaxText);
  EXPECT_EQ(cut.why.size(), FailedRequests::kMaxSentence);
  EXPECT_EQ(cut.refusal.reason.size(), FailedRequests::kMaxSentence);
}

TEST(WhyPage, TakesTheIdAsItIsPasted) {
  const std::string id = "0123456789abcdef0123456789abcdef";
  EXPECT_EQ(request_id_in(id), id);
  EXPECT_EQ(request_id_in(" 0123456789ABCDEF0123456789abcdef\t"), id);
  for (const char* const bad : {"", "0123", "0123456789abcdef0123456789abcdeg", "0123456789abcdef0123456789abcdef0"})
    EXPECT_EQ(request_id_in(bad), "") << bad;
}

TEST(WhyPage, HasALineForEachMemberAndForEachFix) {
  FailedRequest request = request_with("0123");
  request.method = "GET";
  request.host = "site.example";
  request.path = "/a";
  request.address = "10.0.0.1";
  request.user = "alice@A";
  request.sign_in = "forms";
  request.why = "It may not. Fix: Set-ADUser a Fix: klist purge";
  EXPECT_EQ(why_text(request),
            "request   0123\n"
            "time      1970-01-01T00:00:00.000Z\n"
            "asked     GET site.example/a (from 10.0.0.1)\n"
            "user      alice@A (forms)\n"
            "status    403\n"
            "why       It may not.\n"
            "fix       Set-ADUser a\n"
            "fix       klist purge\n");
}

TEST(WhyPage, HostileTextEndsNoLineAndNoString) {
  FailedRequest request = request_with("0123");
  request.refusal.event = "sign-in refused";
  request.user = request.why = "a\r\nstatus 200\x1b[2J\"\xff";
  const std::string text = why_text(request);
  EXPECT_NE(text.find("a\\u000d\\u000astatus 200\\u001b[2J"), std::string::npos) << text;
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  const std::string json = why_json(request);
  EXPECT_NE(json.find(R"("user":"a\u000d\u000astatus 200\u001b[2J\"\ufffd")"), std::string::npos) << json;
  EXPECT_NE(json.find(R"("event":"sign-in refused")"), std::string::npos) << json;
}

}  // namespace
}  // namespace stead::proxy
