// The replay cache's file, and libkrb5's acceptor with the same file.
#include "sspi_shim/krb5/replay_cache.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <ios>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "sspi_shim/protocol/messages/ap_messages.h"
#include "sspi_shim/protocol/messages/spnego.h"
#include "stead/acceptor.h"
#include "stead/s4u.h"
#include "tests/krb5/gss_peer.h"
#include "tests/krb5/ticket_fixture.h"

namespace stead {
namespace {

using Answer = ReplayCache::Answer;
constexpr Time kNow{std::chrono::seconds(1'800'000'000)};
constexpr std::chrono::seconds kLife{300};

class ReplayCacheTest : public test::TicketFixture {
 protected:
  void TearDown() override {
    ::unsetenv("KRB5RCACHENAME");
    ::unsetenv("KRB5RCACHETYPE");
    TicketFixture::TearDown();
  }
  [[nodiscard]] std::string path() const { return (folder_ / "cache").string(); }
  [[nodiscard]] std::string default_path() const {
    return (folder_ / ("krb5_" + std::to_string(::geteuid()) + ".rcache2")).string();
  }
  static std::optional<ReplayCache> chosen() { return ReplayCache::of(make_krb5_context()->get()); }
  static Buffer tag_of(int number) {
    Buffer tag(12);
    store_be32(tag.data(), static_cast<std::uint32_t>(number));
    return tag;
  }
};

TEST_F(ReplayCacheTest, TakesATagOnce) {
  const auto cache = ReplayCache::in_file(path());
  EXPECT_EQ(cache.remember(tag_of(1), kNow, kLife), Answer::fresh);
  EXPECT_EQ(cache.remember(tag_of(1), kNow, kLife), Answer::replay);
  EXPECT_EQ(cache.remember(tag_of(2), kNow, kLife), Answer::fresh);
  EXPECT_EQ(ReplayCache::in_file(path()).remember(tag_of(2), kNow, kLife), Answer::replay)
      << "it outlives the one that wrote it";
}

TEST_F(ReplayCacheTest, ForgetsNothingThatItHasRoomFor) {
  const auto cache = ReplayCache::in_file(path());
  for (int i = 0; i < 6000; ++i) ASSERT_EQ(cache.remember(tag_of(i), kNow, kLife), Answer::fresh) << i;
  for (int i = 0; i < 6000; ++i) ASSERT_EQ(cache.remember(tag_of(i), kNow + kLife, kLife), Answer::replay) << i;
}

TEST_F(ReplayCacheTest, WritesOverWhatIsTooOldToBeReplayed) {
  const auto cache = ReplayCache::in_file(path());
  for (int round = 0; round < 20; ++round)
    for (int i = 0; i < 500; ++i)
      ASSERT_EQ(cache.remember(tag_of(1000 * round + i), kNow + round * (kLife + std::chrono::seconds(1)), kLife),
                Answer::fresh);
  // The file's seed decides whether 500 tags fit into the first two tables; the third has room for the rest.
  EXPECT_LE(std::filesystem::file_size(path()), std::uintmax_t{16} * (1 + 1023 + 2048 + 4096))
      << "it does not grow with time";
}

TEST_F(ReplayCacheTest, KeepsWhatWasWrittenWhileTheClockWasAhead) {
  const auto cache = ReplayCache::in_file(path());
  ASSERT_EQ(cache.remember(tag_of(-1), Time(std::chrono::seconds(4'100'000'000)), kLife), Answer::fresh);
  for (int i = 0; i < 5000; ++i) ASSERT_EQ(cache.remember(tag_of(i), kNow, kLife), Answer::fresh) << i;
  EXPECT_EQ(cache.remember(tag_of(-1), kNow, kLife), Answer::replay);
}

TEST_F(ReplayCacheTest, OnlyOneOfManyThreadsIsFirst) {
  std::atomic<int> fresh = 0, replays = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      const auto cache = ReplayCache::in_file(path());
      for (int i = 0; i < 300; ++i) ++(cache.remember(tag_of(i), kNow, kLife) == Answer::fresh ? fresh : replays);
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(fresh, 300);
  EXPECT_EQ(replays, 900);
}

TEST_F(ReplayCacheTest, AnswersAtOnceOnlyWhereNothingBlocks) {
  if (!std::filesystem::exists("/dev/shm")) GTEST_SKIP() << "no file system in memory";
  const std::string name = "/dev/shm/stead-rcache-" + std::to_string(::getpid());
  const auto cache = ReplayCache::in_file(name);
  EXPECT_EQ(cache.remember_at_once(tag_of(1), kNow, kLife), Answer::fresh);
  EXPECT_EQ(cache.remember_at_once(tag_of(1), kNow, kLife), Answer::replay);
  const int other = ::open(name.c_str(), O_RDWR | O_CLOEXEC);
  struct flock whole{};
  whole.l_type = F_WRLCK;
  ASSERT_EQ(::fcntl(other, F_OFD_SETLK, &whole), 0);
  EXPECT_EQ(cache.remember_at_once(tag_of(2), kNow, kLife), std::nullopt) << "another process is at it";
  ::close(other);
  EXPECT_EQ(cache.remember_at_once(tag_of(2), kNow, kLife), Answer::fresh) << "and nothing was written meanwhile";
  std::filesystem::remove(name);
  EXPECT_EQ(ReplayCache::in_file("/proc/self/none").remember_at_once(tag_of(1), kNow, kLife), Answer::unusable);
}

TEST_F(ReplayCacheTest, SaysWhereItCannotRemember) {
  EXPECT_EQ(ReplayCache::in_file("/nowhere/at/all").remember(tag_of(1), kNow, kLife), Answer::unusable);
  std::filesystem::create_symlink(path(), default_path());
  EXPECT_EQ(chosen()->remember(tag_of(1), kNow, kLife), Answer::unusable) << "another user's link in a shared folder";
  EXPECT_FALSE(std::filesystem::exists(path()));
}

TEST_F(ReplayCacheTest, IsTheOneThatTheEnvironmentNames) {
  EXPECT_EQ(chosen()->remember(tag_of(1), kNow, kLife), Answer::fresh);
  struct stat info{};
  ASSERT_EQ(::stat(default_path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  ::setenv("KRB5RCACHETYPE", "none", 1);
  EXPECT_TRUE(chosen()->is_none());
  ::setenv("KRB5RCACHENAME", ("file2:" + path()).c_str(), 1);
  EXPECT_EQ(chosen()->remember(tag_of(1), kNow, kLife), Answer::fresh) << "another file";
  EXPECT_TRUE(std::filesystem::exists(path()));
  ::setenv("KRB5RCACHENAME", "none:", 1);
  EXPECT_EQ(chosen()->remember(tag_of(1), kNow, kLife), Answer::fresh);
  EXPECT_EQ(chosen()->remember(tag_of(1), kNow, kLife), Answer::fresh) << "an administrator wants none";
  for (const char* unknown : {"keyring:x", "file2:", "dfl", ""}) {
    ::setenv("KRB5RCACHENAME", unknown, 1);
    EXPECT_FALSE(chosen()) << unknown;
  }
}

TEST_F(ReplayCacheTest, IsTheOneThatKrb5ConfNames) {
  std::ofstream(folder_ / "krb5.conf", std::ios::app) << "default_rcache_name = file2:" << path() << "\n";
  EXPECT_EQ(chosen()->remember(tag_of(1), kNow, kLife), Answer::fresh);
  EXPECT_TRUE(std::filesystem::exists(path()));
  std::ofstream(folder_ / "krb5.conf") << "[libdefaults]\ndefault_rcache_name = file2:%{TEMP}/cache\n";
  EXPECT_FALSE(chosen());
}

// What one acceptor has seen, the other refuses: an Apache or a second proxy of this system user on this machine.
TEST_F(ReplayCacheTest, IsSharedWithTheStockAcceptor) {
  const auto acceptor = KerberosAcceptor::open({.keytab = keytab_, .principal = to_string(service_)}, message_);
  ASSERT_TRUE(acceptor) << message_;
  for (int i = 0; i < 200; ++i) {
    const Buffer token = make_negotiate_token(issue()).value().token;
    const auto ours = [&] { return acceptor->accept(token, {}, BindingsPolicy::allow); };
    if (i % 2 == 0) {
      ASSERT_TRUE(std::holds_alternative<AcceptedClient>(ours()));
      const auto stock = test::accept(token);
      ASSERT_FALSE(stock.complete);
      ASSERT_NE(stock.error.find("replay"), std::string::npos) << stock.error;
    } else {
      ASSERT_TRUE(test::accept(token).complete);
      const auto answer = ours();
      ASSERT_TRUE(std::holds_alternative<RefusedClient>(answer));
      ASSERT_NE(std::get<RefusedClient>(answer).reason.find("replay"), std::string::npos)
          << std::get<RefusedClient>(answer).reason;
    }
  }
}

}  // namespace
}  // namespace stead
