#include "proxy/process/file_watch.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace stead::proxy {
namespace {

using namespace std::chrono_literals;

class FileWatchTest : public testing::Test {
 protected:
  FileWatchTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "watch-XXXXXX").string();
    folder = ::mkdtemp(pattern.data());
    write("a", "1");
  }
  ~FileWatchTest() override { std::filesystem::remove_all(folder); }
  void write(const std::string& name, const std::string& text) const { std::ofstream(folder / name) << text; }
  [[nodiscard]] std::vector<std::string> files() const { return {folder / "a", folder / "b"}; }
  static bool soon(const std::function<bool()>& what) {
    for (int i = 0; i < 500 && !what(); ++i) std::this_thread::sleep_for(10ms);
    return what();
  }
  std::filesystem::path folder;
  std::atomic<int> told{0};
};

TEST_F(FileWatchTest, TellsOnceOfEachChange) {
  const FileWatch watch(files(), FileWatch::state_of(files()), [this] { ++told; }, 20ms);
  std::this_thread::sleep_for(150ms);
  EXPECT_EQ(told, 0);
  write("a", "22");
  EXPECT_TRUE(soon([this] { return told == 1; }));
  write("b", "new");
  EXPECT_TRUE(soon([this] { return told == 2; }));
  write("c", "3");
  std::filesystem::rename(folder / "c", folder / "a");
  EXPECT_TRUE(soon([this] { return told == 3; }));
  std::filesystem::remove(folder / "b");
  EXPECT_TRUE(soon([this] { return told == 4; }));
  std::this_thread::sleep_for(150ms);
  EXPECT_EQ(told, 4);
}

TEST_F(FileWatchTest, TellsOfAChangeBeforeItBegan) {
  const std::string read = FileWatch::state_of(files());
  write("a", "22");
  const FileWatch watch(files(), read, [this] { ++told; }, 20ms);
  EXPECT_TRUE(soon([this] { return told == 1; }));
}

TEST_F(FileWatchTest, WaitsUntilTheFilesAreStill) {
  const FileWatch watch(files(), FileWatch::state_of(files()), [this] { ++told; }, 200ms);
  std::string text;
  for (const auto end = std::chrono::steady_clock::now() + 1s; std::chrono::steady_clock::now() < end;
       std::this_thread::sleep_for(20ms)) {
    write("a", text += "x");
    EXPECT_EQ(told, 0);
  }
  EXPECT_TRUE(soon([this] { return told == 1; }));
}

TEST_F(FileWatchTest, EndsAtOnce) {
  const auto start = std::chrono::steady_clock::now();
  {
    const FileWatch watch(files(), FileWatch::state_of(files()), [this] { ++told; }, 1h);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, 10s);
}

}  // namespace
}  // namespace stead::proxy
