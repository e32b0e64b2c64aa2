#include "kdc/directory/directory_store.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kdc/directory/directory.h"
#include "kdc/directory/directory_edits.h"
#include "kdc/forest/forest_file.h"
#include "kdc/forest/forest_names.h"

namespace stead::kdc {
namespace {

class DirectoryStoreTest : public testing::Test {
 protected:
  DirectoryStoreTest() {
    std::string name = testing::TempDir() + "stead-store-XXXXXX";
    folder = mkdtemp(name.data());
  }
  ~DirectoryStoreTest() override { std::filesystem::remove_all(folder); }

  std::unique_ptr<DirectoryStore> open(const std::string& digest = "") {
    opening = {};
    auto opened = DirectoryStore::open(folder / "state", file.forest, digest.empty() ? file.digest : digest);
    EXPECT_TRUE(opened) << to_string(opened.error());
    if (!opened) return nullptr;
    opening = std::move(*opened);
    return std::move(opening.store);
  }
  static Checked<void> rename_upn(Forest& forest, const std::string& upn) {
    find_account(forest.domains[0], "alice")->upn = upn;
    return {};
  }

  std::filesystem::path folder;
  ForestFile file = read_forest_file(STEAD_SAMPLES "/forest.toml");
  DirectoryStore::Opened opening;
};

Forest sorted(Forest forest) {
  for (auto& domain : forest.domains) {
    std::sort(domain.accounts.begin(), domain.accounts.end(), [](auto& x, auto& y) { return x.rid < y.rid; });
    std::sort(domain.groups.begin(), domain.groups.end(), [](auto& x, auto& y) { return x.rid < y.rid; });
  }
  return forest;
}

// Threads that look while another one reads the store get what was committed, not the state before it.
TEST_F(DirectoryStoreTest, EachThreadSeesACommittedChangeAtOnce) {
  auto writer = open();
  auto store = open();
  Directory directory(std::move(opening.forest), std::move(store));
  constexpr int kThreads = 3, kChanges = 60;
  std::atomic<int> change{0}, seen{0}, old{0};
  std::vector<std::thread> threads;
  for (int n = 0; n < kThreads; ++n)
    threads.emplace_back([&] {
      std::shared_ptr<const Snapshot> cached;
      for (int expected = 1; expected <= kChanges; ++expected) {
        while (change.load() < expected) std::this_thread::yield();
        const Snapshot& now = directory.snapshot(cached);
        const AccountEntry* const alice = now.account(*now.domain("ROOT.FABRIKAM.COM"), "alice");
        if (alice == nullptr || alice->account->upn != "alice" + std::to_string(expected) + "@x.test") ++old;
        ++seen;
      }
    });
  for (int n = 1; n <= kChanges; ++n) {
    EXPECT_TRUE(
        writer->change([&](Forest& forest) { return rename_upn(forest, "alice" + std::to_string(n) + "@x.test"); }));
    change = n;
    while (seen.load() < n * kThreads) std::this_thread::yield();
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(old, 0);
}

TEST_F(DirectoryStoreTest, TakesControllersFromTheFileAndKeepsWhichArePaused) {
  const auto pause = [](bool paused) {
    return [paused](Forest& forest) -> Checked<void> {
      forest.domains[0].controllers[1].paused = paused;
      return {};
    };
  };
  ASSERT_TRUE(open()->change(pause(true)));
  file.forest.domains[0].controllers[0].level = Level::w2022;
  file.forest.domains[0].controllers[0].paused = true;  // in force until an administrator says otherwise
  auto store = open("another file");
  EXPECT_TRUE(opening.file_changed);
  EXPECT_EQ(opening.forest.domains[0].controllers[0].level, Level::w2022);
  EXPECT_TRUE(opening.forest.domains[0].controllers[0].paused);
  EXPECT_TRUE(opening.forest.domains[0].controllers[1].paused);
  ASSERT_TRUE(store->change(pause(false)));
  store.reset();
  store = open();
  EXPECT_TRUE(opening.forest.domains[0].controllers[0].paused);
  EXPECT_FALSE(opening.forest.domains[0].controllers[1].paused);
}

TEST_F(DirectoryStoreTest, HoldsTheWholeForest) {
  auto store = open();
  ASSERT_TRUE(store);
  EXPECT_TRUE(opening.created);
  EXPECT_TRUE(sorted(opening.forest) == sorted(file.forest));
  struct stat found{};
  ASSERT_EQ(stat((folder / "state/directory.db").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600u);
}

// A store of a version that made none.
TEST_F(DirectoryStoreTest, GetsTheAccountsOfControllersThatItLacks) {
  const auto remove = [](Forest& forest) -> Checked<void> {
    std::erase_if(forest.domains[0].accounts, [](const Account& account) { return account.name == "DC12$"; });
    return {};
  };
  ASSERT_TRUE(open()->change(remove));
  auto store = open();
  const auto* made = find_account(opening.forest.domains[0], "DC12$");
  ASSERT_NE(made, nullptr);
  const auto secret = made->secret;
  store = open();
  EXPECT_TRUE(find_account(opening.forest.domains[0], "DC12$")->secret == secret);
}

TEST_F(DirectoryStoreTest, KeepsWhatDescribesAnAccount) {
  const std::vector<StoredAttribute> description = {{"dNSHostName", "a.example"}, {"description", "of a test"}};
  auto store = open();
  ASSERT_TRUE(store->change([&](Forest& forest) -> Checked<void> {
    find_account(forest.domains[0], "alice")->other_attributes = description;
    return {};
  }));
  store = open();
  EXPECT_THAT(find_account(opening.forest.domains[0], "alice")->other_attributes,
              testing::UnorderedElementsAreArray(description));
}

TEST_F(DirectoryStoreTest, HoldsThePolicyAndWhatFewAccountsHave) {
  Forest written;
  ASSERT_TRUE(open()->change([&](Forest& forest) -> Checked<void> {
    auto& domain = forest.domains[0];
    domain.policy = {.lockout_threshold = 3,
                     .lockout_duration = std::chrono::seconds(0),
                     .lockout_window = std::chrono::seconds(1),
                     .password_min_length = 2,
                     .password_history = 4,
                     .password_complexity = true,
                     .password_min_age = std::chrono::seconds(5),
                     .password_max_age = std::chrono::seconds(6)};
    auto& alice = *find_account(domain, "alice");
    for (const char* password : {"one two", "three", "four"}) edits::set_password(domain, alice, password, 7);
    alice.rare.edit([](RareAttributes& rare) {
      rare.lockout_time = 8;
      rare.expires = 9;
      rare.logon_hours = LogonHours{1, 2, 3};
      rare.workstations = {"B", "A"};
    });
    written = forest;
    return {};
  }));
  open();
  EXPECT_EQ(sorted(opening.forest), sorted(written));
  EXPECT_EQ(find_account(opening.forest.domains[0], "alice")->rare->older_secret->password, "one two");
}

TEST_F(DirectoryStoreTest, KeepsItsStateAndTellsThatTheFileChanged) {
  const auto krbtgt = find_account(file.forest.domains[0], "krbtgt")->secret;
  open();
  file = read_forest_file(STEAD_SAMPLES "/forest.toml");  // another random krbtgt
  open();
  EXPECT_FALSE(opening.created);
  EXPECT_FALSE(opening.file_changed);
  EXPECT_TRUE(find_account(opening.forest.domains[0], "krbtgt")->secret == krbtgt);
  open("another");
  EXPECT_TRUE(opening.file_changed);
}

TEST_F(DirectoryStoreTest, ShowsAChangeOfAnotherConnectionAtOnce) {
  auto writer = open();
  auto reader_store = open();
  Directory reader(opening.forest, std::move(reader_store));
  std::shared_ptr<const Snapshot> cached;
  const auto upn = [&] {
    const auto& snapshot = reader.snapshot(cached);
    return snapshot.account(*snapshot.domain("ROOT"), "alice")->account->upn;
  };
  EXPECT_EQ(upn(), "alice@root.fabrikam.com");
  const auto* before = cached.get();
  EXPECT_EQ(&reader.snapshot(cached), before);
  for (int i = 0; i < 50; ++i) {
    const auto name = "a" + std::to_string(i);
    ASSERT_TRUE(writer->change([&](Forest& forest) { return rename_upn(forest, name); }));
    ASSERT_EQ(upn(), name);
  }
  ASSERT_TRUE(reader.set_password("ROOT.FABRIKAM.COM", "alice", "new"));
  const auto loaded = writer->load();
  ASSERT_TRUE(loaded);
  const Domain& stored = loaded->domains[0];
  EXPECT_EQ(find_account(stored, "alice")->secret.kvno, 2u);
  EXPECT_EQ(find_account(stored, "alice")->upn, "a49");
}

// A change of this process is known without reading all again, unless another one came between.
TEST_F(DirectoryStoreTest, ChangesWhatItHasLoaded) {
  auto store = open(), other = open();
  const auto edit = [](const std::string& upn) { return [upn](Forest& forest) { return rename_upn(forest, upn); }; };
  const auto upn = [](const Forest& forest) { return find_account(forest.domains[0], "alice")->upn; };
  auto present = store->load();
  ASSERT_TRUE(present);
  store->mark_read();
  present = store->change(*present, edit("one@mail.example"));
  ASSERT_TRUE(present);
  EXPECT_EQ(upn(*present), "one@mail.example");
  store->mark_read();
  EXPECT_FALSE(store->changed()) << "its own change is no news";
  EXPECT_EQ(upn(*other->load()), "one@mail.example");
  ASSERT_TRUE(other->change([](Forest& forest) -> Checked<void> {
    find_account(forest.domains[0], "bob")->upn = "bob@mail.example";
    return {};
  }));
  EXPECT_TRUE(store->changed());
  present = store->change(*present, edit("two@mail.example"));
  ASSERT_TRUE(present);
  store->mark_read();
  EXPECT_EQ(upn(*present), "two@mail.example");
  EXPECT_EQ(find_account(present->domains[0], "bob")->upn, "bob@mail.example") << "the other's change is kept";
  const auto failed = store->change(*present, [](Forest&) -> Checked<void> { return Problem{"no", {}, {}}; });
  EXPECT_FALSE(failed);
  EXPECT_EQ(sorted(*store->load()), sorted(*present));
}

TEST_F(DirectoryStoreTest, WritesNothingWhereTheEditFails) {
  auto store = open();
  const auto changed = store->change([](Forest& forest) -> Checked<void> {
    forest.domains[0].accounts.clear();
    return Problem{"no", {}, {}};
  });
  ASSERT_FALSE(changed);
  EXPECT_EQ(to_string(changed.error()), "no");
  const auto forest = store->load();
  ASSERT_TRUE(forest);
  EXPECT_TRUE(sorted(*forest) == sorted(file.forest));
}

TEST_F(DirectoryStoreTest, KeepsWhatWasAcknowledgedThroughKill9) {
  open();
  constexpr int kWriters = 3;
  std::array<int, kWriters> pipes{};
  std::array<pid_t, kWriters> children{};
  for (int writer = 0; writer < kWriters; ++writer) {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    children[writer] = fork();
    if (children[writer] == 0) {
      auto mine = DirectoryStore::open(folder / "state", file.forest, file.digest);
      for (int i = 0; mine; ++i) {
        const auto spn = "w" + std::to_string(writer) + "/" + std::to_string(i);
        const auto changed = mine->store->change([&](Forest& forest) -> Checked<void> {
          find_account(forest.domains[0], "alice")->spns.push_back(spn);
          return {};
        });
        if (!changed || ::write(ends[1], &i, sizeof i) != sizeof i) break;
      }
      _exit(1);
    }
    close(ends[1]);
    pipes[writer] = ends[0];
  }
  std::array<int, kWriters> last{};
  for (int writer = 0; writer < kWriters; ++writer) {
    for (int n = 0; n < 8; ++n) ASSERT_EQ(::read(pipes[writer], &last[writer], sizeof(int)), ssize_t(sizeof(int)));
    kill(children[writer], SIGKILL);
    waitpid(children[writer], nullptr, 0);
    while (::read(pipes[writer], &last[writer], sizeof(int)) == ssize_t(sizeof(int))) {
    }
    close(pipes[writer]);
  }
  open();
  const auto& spns = find_account(opening.forest.domains[0], "alice")->spns;
  for (int writer = 0; writer < kWriters; ++writer)
    for (int i = 0; i <= last[writer]; ++i)
      EXPECT_THAT(spns, testing::Contains("w" + std::to_string(writer) + "/" + std::to_string(i)));
}

TEST_F(DirectoryStoreTest, SaysWhatIsWrongWithItsFolder) {
  const auto failed = DirectoryStore::open("/proc/nothing/here", file.forest, "");
  ASSERT_FALSE(failed);
  EXPECT_THAT(to_string(failed.error()), testing::StartsWith("cannot create /proc/nothing/here: "));
}

}  // namespace
}  // namespace stead::kdc
