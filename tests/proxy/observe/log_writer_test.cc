#include "proxy/observe/log_writer.h"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "proxy/observe/audit_log.h"
#include "proxy/observe/message_log.h"

namespace stead::proxy {
namespace {

using namespace std::chrono_literals;

std::string text_of(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

// Until it is so, or for five seconds.
template <class Condition>
bool becomes_true(Condition condition) {
  for (const auto end = std::chrono::steady_clock::now() + 5s; std::chrono::steady_clock::now() < end;) {
    if (condition()) return true;
    std::this_thread::sleep_for(1ms);
  }
  return false;
}

class LogFiles : public testing::Test {
 protected:
  LogFiles() {
    std::string name = (std::filesystem::temp_directory_path() / "log-XXXXXX").string();
    folder_ = mkdtemp(name.data());
  }
  ~LogFiles() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path folder_;
};

TEST_F(LogFiles, HaveAllLinesAtTheEnd) {
  {
    const auto log = LogWriter::open(folder_ / "log", "the log");
    ASSERT_TRUE(log) << to_string(log.error());
    for (int i = 0; i < 1000; ++i) (*log)->take("line\n");
  }
  const std::string all = text_of(folder_ / "log");
  EXPECT_EQ(std::count(all.begin(), all.end(), '\n'), 1000);
}

TEST_F(LogFiles, ThatCannotBeOpenedAreNamed) {
  const auto none = LogWriter::open(folder_ / "none" / "log", "the audit log");
  ASSERT_FALSE(none);
  EXPECT_NE(to_string(none.error()).find("none/log"), std::string::npos);
  EXPECT_NE(to_string(none.error()).find("the audit log"), std::string::npos);
}

TEST_F(LogFiles, AreOpenedAgainByTheirPath) {
  const auto log = LogWriter::open(folder_ / "log", "the log");
  ASSERT_TRUE(log);
  (*log)->take("before\n");
  ASSERT_TRUE(becomes_true([&] { return text_of(folder_ / "log") == "before\n"; }));
  std::filesystem::rename(folder_ / "log", folder_ / "log.1");
  (*log)->reopen();
  ASSERT_TRUE(becomes_true([&] { return std::filesystem::exists(folder_ / "log"); }));
  (*log)->take("after\n");
  EXPECT_TRUE(becomes_true([&] { return text_of(folder_ / "log") == "after\n"; }));
  EXPECT_EQ(text_of(folder_ / "log.1"), "before\n");
  EXPECT_EQ((*log)->dropped_lines(), 0U);
}

TEST(LogWriter, CountsWhatAFullDiskRefuses) {
  const auto log = LogWriter::open("/dev/full", "the log");
  ASSERT_TRUE(log);
  (*log)->take("one\ntwo\nthree\n");
  EXPECT_TRUE(becomes_true([&] { return (*log)->dropped_lines() == 3; }));
}

// A pipe under a path, whose reader does not read.
TEST_F(LogFiles, WhoseReaderStopsDelayNobody) {
  const std::filesystem::path pipe = folder_ / "pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  const int reader = ::open(pipe.c_str(), O_RDONLY | O_NONBLOCK);
  const auto start = std::chrono::steady_clock::now();
  {
    const auto log = LogWriter::open(pipe, "the log");
    ASSERT_TRUE(log);
    const std::string block = std::string(1023, 'x') + "\n";
    const std::size_t more = 2 * LogWriter::kMaxWaiting / block.size();
    for (std::size_t i = 0; i < more; ++i) (*log)->take(block);
    EXPECT_GT((*log)->dropped_lines(), more / 3);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, 4s);
  ::close(reader);
}

TEST_F(LogFiles, HaveMessagesAndAuditLinesOnOneLineEach) {
  {
    const auto log = LogWriter::open(folder_ / "log", "the log"),
               audit_file = LogWriter::open(folder_ / "audit", "the audit log");
    ASSERT_TRUE(log && audit_file);
    const MessageLog messages(**log);
    spdlog::error("a{}b", "\n\x1b[2J\xe2\x80\xae");
    audit({.kind = AuditKind::delegation_refused,
           .user = "alice",
           .method = {},
           .address = {},
           .request_id = {},
           .detail = {}});
    write_audit_to(audit_file->get());
    audit({.kind = AuditKind::sign_in, .user = "bob", .method = {}, .address = {}, .request_id = {}, .detail = {}});
    write_audit_to(nullptr);
  }
  const std::string text = text_of(folder_ / "log"), audited = text_of(folder_ / "audit");
  EXPECT_NE(text.find(" error a\\u000a\\u001b[2J\\u202eb\n"), std::string::npos) << text;
  EXPECT_NE(text.find(" warning {\"audit\":\"delegation refused\",\"user\":\"alice\"}\n"), std::string::npos) << text;
  EXPECT_TRUE(audited.starts_with("{\"time\":\"")) << audited;
  EXPECT_TRUE(audited.ends_with("\"level\":\"info\",\"audit\":\"sign-in\",\"user\":\"bob\"}\n")) << audited;
}

}  // namespace
}  // namespace stead::proxy
