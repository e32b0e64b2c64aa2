#include "proxy/observe/access_log.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace stead::proxy {
namespace {

AccessRecord record() {
  return {.at = std::chrono::system_clock::time_point(std::chrono::milliseconds(1'700'000'000'042)),
          .request_id = "0123",
          .remote = "192.0.2.1",
          .method = "GET",
          .host = "h",
          .path = "/a",
          .status = 200,
          .user = "alice@A",
          .sign_in = "forms",
          .spn = "HTTP/b",
          .delegation = "s4u",
          .upstream = "127.0.0.1:1",
          .bytes_in = 3,
          .bytes_out = 12,
          .time = std::chrono::microseconds(12'034),
          .diagnosis = {}};
}

TEST(AccessLog, HasOneObjectALine) {
  std::string out;
  append_json(out, record());
  EXPECT_EQ(out,
            "{\"time\":\"2023-11-14T22:13:20.042Z\",\"request_id\":\"0123\",\"remote\":\"192.0.2.1\",\"method\":"
            "\"GET\",\"host\":\"h\","
            "\"path\":\"/a\",\"status\":200,\"user\":\"alice@A\",\"sign_in\":\"forms\",\"spn\":\"HTTP/"
            "b\",\"delegation\":\"s4u\","
            "\"upstream\":\"127.0.0.1:1\",\"bytes_in\":3,\"bytes_out\":12,\"ms\":12.034}\n");
}

TEST(AccessLog, KeepsHostileTextOnItsLine) {
  AccessRecord hostile = record();
  hostile.path = "/\"\n\x7f\xff";
  hostile.user = {};
  hostile.diagnosis = "two\nlines";
  std::string out;
  append_json(out, hostile);
  EXPECT_EQ(out.find('\n'), out.size() - 1);
  EXPECT_NE(out.find("\"path\":\"/\\\"\\u000a\\u007f\\ufffd\""), std::string::npos) << out;
  EXPECT_NE(out.find("\"user\":null"), std::string::npos);
  EXPECT_NE(out.find("\"diagnosis\":\"two\\u000alines\""), std::string::npos);
}

TEST(AccessLog, WritesAllOfItBeforeItEnds) {
  std::string name = (std::filesystem::temp_directory_path() / "access-log-XXXXXX").string();
  const std::filesystem::path folder = mkdtemp(name.data());
  {
    const auto log = AccessLog::open(folder / "log");
    ASSERT_TRUE(log) << to_string(log.error());
    AccessLogWriter writer(**log);
    for (int i = 0; i < 1000; ++i) writer.add(record());
    writer.flush();
  }
  std::ostringstream text;
  text << std::ifstream(folder / "log").rdbuf();
  const std::string all = text.str();
  EXPECT_EQ(std::count(all.begin(), all.end(), '\n'), 1000);
  const auto none = AccessLog::open(folder / "none" / "log");
  ASSERT_FALSE(none);
  EXPECT_NE(to_string(none.error()).find("none/log"), std::string::npos);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace stead::proxy
