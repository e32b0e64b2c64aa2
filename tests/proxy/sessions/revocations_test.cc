#include "proxy/sessions/revocations.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <ios>
#include <string>
#include <thread>
#include <vector>

#include "proxy/sessions/session_cookie.h"
#include "proxy/sessions/sign_out_file.h"

namespace stead::proxy {
namespace {

using namespace std::chrono_literals;

const Revocations::Time kNow{1'700'000'000s};

Session session(const std::string& user, std::chrono::seconds ends_in) {
  return {.id = new_session_id(), .user = user, .method = SignInMethod::forms, .expires = kNow + ends_in};
}

TEST(Revocations, HoldUntilTheSessionsWouldHaveEnded) {
  Revocations list;
  const Session out = session("alice@A", 100s), other = session("alice@A", 100s);
  list.add(Revocations::entry_of(out), kNow);
  EXPECT_TRUE(list.has(out));
  EXPECT_FALSE(list.has(other));
  EXPECT_EQ(list.size(), 1u);
  list.add(Revocations::entry_of(session("bob@A", 500s)), kNow + 100s);
  EXPECT_EQ(list.size(), 1u) << "alice's has ended";
  list.add(Revocations::entry_of(session("bob@A", 10s)), kNow + 20s);
  EXPECT_EQ(list.size(), 1u) << "a session that has ended needs no entry";
}

TEST(Revocations, OneUserDoesNotGrowTheList) {
  Revocations list({.sessions = 1000, .per_user = 4});
  std::vector<Session> out;
  for (int i = 0; i < 500; ++i) {
    out.push_back(session("alice@A", 1000s + 1s * i));
    list.add(Revocations::entry_of(out.back()), kNow);
  }
  EXPECT_LE(list.size(), 5u);
  for (const Session& ended : out) EXPECT_TRUE(list.has(ended)) << "none of them comes back";
  EXPECT_FALSE(list.has(session("alice@A", 2000s))) << "a later session of theirs is good";
  EXPECT_FALSE(list.has(session("bob@A", 1000s)));
  list.add(Revocations::entry_of(session("bob@A", 5000s)), kNow + 3000s);
  EXPECT_EQ(list.size(), 1u);
  EXPECT_FALSE(list.has(session("alice@A", 1100s))) << "all of it has ended";
}

TEST(Revocations, ManyUsersDoNotGrowTheListAndNoneComesBack) {
  Revocations list({.sessions = 50, .per_user = 2});
  std::vector<Session> out;
  for (int i = 0; i < 2000; ++i) {
    out.push_back(session("user" + std::to_string(i % 300) + "@A", 1000s + 1s * (i * 37 % 2000)));
    list.add(Revocations::entry_of(out.back()), kNow);
    EXPECT_LE(list.size(), 50u);
  }
  for (const Session& ended : out) EXPECT_TRUE(list.has(ended));
  EXPECT_FALSE(list.has(session("user1@A", 5000s)));
}

TEST(Revocations, AreReadWhileTheyChange) {
  Revocations list({.sessions = 100, .per_user = 2});
  const Session out = session("alice@A", 100000s);
  list.add(Revocations::entry_of(out), kNow);
  std::thread writer([&] {
    for (int i = 0; i < 2000; ++i)
      list.add(Revocations::entry_of(session("u" + std::to_string(i), 50s + 1s * i)), kNow);
  });
  for (int i = 0; i < 2000; ++i) EXPECT_TRUE(list.has(out));
  writer.join();
}

class SignOutFileTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "stead-XXXXXX";
    folder = mkdtemp(pattern.data());
    path = folder + "/session.key.signed-out";
  }
  void TearDown() override { std::filesystem::remove_all(folder); }
  std::string folder, path;
};

TEST_F(SignOutFileTest, KeepsSignOutsOverARestart) {
  const Session out = session("alice@A", 100s), short_one = session("bob@A", 10s);
  {
    Revocations list;
    SignOutFile file(path);
    ASSERT_TRUE(file.load(list, kNow));
    for (const Session& each : {out, short_one}) {
      const auto entry = Revocations::entry_of(each);
      list.add(entry, kNow);
      ASSERT_TRUE(file.append(entry, list, kNow));
    }
  }
  struct stat info{};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  std::ofstream(path, std::ios::app) << "17000";  // the process ended in a write
  Revocations list;
  ASSERT_TRUE(SignOutFile(path).load(list, kNow + 50s));
  EXPECT_TRUE(list.has(out));
  EXPECT_EQ(list.size(), 1u) << "bob's has ended";
}

TEST_F(SignOutFileTest, KeepsWhatMadeRoomToo) {
  std::vector<Session> out;
  for (int i = 0; i < 40; ++i) out.push_back(session("user" + std::to_string(i % 9), 1000s + 1s * i));
  const Revocations::Limits limits{.sessions = 6, .per_user = 2};
  for (int round = 0; round < 3; ++round) {
    Revocations list(limits);
    SignOutFile file(path);
    ASSERT_TRUE(file.load(list, kNow));
    if (round == 0)
      for (const Session& each : out) {
        list.add(Revocations::entry_of(each), kNow);
        ASSERT_TRUE(file.append(Revocations::entry_of(each), list, kNow));
      }
    for (const Session& each : out) EXPECT_TRUE(list.has(each)) << "round " << round;
    EXPECT_FALSE(list.has(session("user1", 9999s)));
  }
}

TEST_F(SignOutFileTest, IsSharedByReplicasOfOneMachine) {
  Revocations first, second;
  SignOutFile one(path), two(path);
  ASSERT_TRUE(one.load(first, kNow));
  ASSERT_TRUE(two.load(second, kNow));
  const Session out = session("alice@A", 5000s);
  ASSERT_TRUE(one.append(Revocations::entry_of(out), first, kNow));
  for (int i = 0; i < 1200; ++i) ASSERT_TRUE(two.append(Revocations::entry_of(session("bob@A", 100s)), second, kNow));
  Revocations after;
  ASSERT_TRUE(SignOutFile(path).load(after, kNow));
  EXPECT_TRUE(after.has(out)) << "the second one wrote the file anew meanwhile";
}

TEST_F(SignOutFileTest, StaysShort) {
  Revocations list({.sessions = 10, .per_user = 2});
  SignOutFile file(path);
  ASSERT_TRUE(file.load(list, kNow));
  for (int i = 0; i < 1200; ++i) {
    const auto entry = Revocations::entry_of(session("alice@A", 1000s));
    list.add(entry, kNow);
    ASSERT_TRUE(file.append(entry, list, kNow));
  }
  EXPECT_LT(std::filesystem::file_size(path), 120'000u);
}

TEST_F(SignOutFileTest, IgnoresWhatIsNoLineOfIts) {
  std::ofstream(path) << "x\n1 2\n99999999999999999999 - -\n-5 - -\n1900000000 zz zz\n1900000000 - "
                      << std::string(32, 'a') << "\n1900000000 " << std::string(32, 'b') << " " << std::string(32, 'a')
                      << "\n"
                      << std::string(100000, 'c') << "\n";
  Revocations list;
  ASSERT_TRUE(SignOutFile(path).load(list, kNow));
  EXPECT_EQ(list.size(), 1u);
}

TEST_F(SignOutFileTest, SaysWhichFileItCannotUse) {
  Revocations list;
  const auto loaded = SignOutFile(folder + "/none/list").load(list, kNow);
  ASSERT_FALSE(loaded);
  EXPECT_NE(to_string(loaded.error()).find("/none/list"), std::string::npos);
}

}  // namespace
}  // namespace stead::proxy
