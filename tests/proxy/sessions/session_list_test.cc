#include "proxy/sessions/session_list.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace stead::proxy {
namespace {

using std::chrono::seconds;
constexpr std::chrono::sys_seconds kNow{seconds(1'000'000)};

SeenSession session(const std::string& id, const std::string& user, seconds seen, seconds ends) {
  return {.id = id,
          .user = user,
          .host = "h",
          .address = "192.0.2.1",
          .method = SignInMethod::forms,
          .begun = kNow - seconds(100),
          .seen = kNow + seen,
          .expires = kNow + ends};
}
std::vector<std::string> ids(const std::vector<SeenSession>& sessions) {
  std::vector<std::string> out;
  for (const SeenSession& one : sessions) out.push_back(one.id);
  return out;
}
using Ids = std::vector<std::string>;

TEST(SessionList, HasTheOneSeenLastFirst) {
  SessionList list;
  list.note(session("a", "alice@A", seconds(1), seconds(50)));
  list.note(session("b", "bob@A", seconds(2), seconds(50)));
  list.note(session("c", "Alice@A", seconds(3), seconds(50)));
  EXPECT_EQ(ids(list.all("", kNow)), (Ids{"c", "b", "a"}));
  EXPECT_EQ(ids(list.all("ALICE@a", kNow)), (Ids{"c", "a"}));
  EXPECT_EQ(ids(list.all("carol@A", kNow)), Ids{});
}

TEST(SessionList, KnowsASessionOnceAndWhenItWasSeenLast) {
  SessionList list;
  list.note(session("a", "alice@A", seconds(5), seconds(50)));
  list.note(session("a", "alice@A", seconds(1), seconds(50)));
  ASSERT_EQ(list.all("", kNow).size(), 1U);
  EXPECT_EQ(list.all("", kNow)[0].seen, kNow + seconds(5));
}

TEST(SessionList, ForgetsWhatHasExpiredOrWasEnded) {
  SessionList list;
  list.note(session("a", "alice@A", seconds(1), seconds(0)));
  list.note(session("b", "alice@A", seconds(1), seconds(9)));
  list.note(session("c", "bob@A", seconds(1), seconds(9)));
  list.note(session("d", "bob@A", seconds(0), seconds(9)));
  EXPECT_EQ(ids(list.all("alice@A", kNow)), Ids{"b"});
  list.forget("d");
  EXPECT_EQ(ids(list.take("bob@A", kNow)), Ids{"c"});
  EXPECT_EQ(ids(list.all("", kNow)), Ids{"b"});
}

TEST(SessionList, MakesRoomByTheOneThatEndsFirst) {
  SessionList list;
  for (std::size_t i = 0; i <= SessionList::kMaxSessions; ++i)
    list.note(session(std::to_string(i), "u", seconds(0), seconds(static_cast<long>(i) + 1)));
  const auto all = list.all("", kNow);
  EXPECT_EQ(all.size(), SessionList::kMaxSessions);
  for (const SeenSession& one : all) ASSERT_NE(one.id, "0");
}

}  // namespace
}  // namespace stead::proxy
