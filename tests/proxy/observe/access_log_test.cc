#include "proxy/observe/access_log.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace stead::proxy {
namespace {

AccessRecord record() {
  return {.at = std::chrono::system_clock::time_point(std::chrono::milliseconds(1'700'000'000'042)),
          .request_id = "0123",
          .remote = "192.0.2.1",
          .protocol = "HTTP/1.1",
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
  EXPECT_EQ(
      out,
      "{\"time\":\"2023-11-14T22:13:20.042Z\",\"request_id\":\"0123\",\"remote\":\"192.0.2.1\",\"protocol\":\"HTTP/"
      "1.1\",\"method\":"
      "\"GET\",\"host\":\"h\","
      "\"path\":\"/a\",\"status\":200,\"level\":\"info\",\"user\":\"alice@A\",\"sign_in\":\"forms\",\"spn\":\"HTTP/"
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

TEST(AccessLog, HasTheLevelOfTheAnswer) {
  const auto level = [](int status, std::string_view diagnosis) {
    AccessRecord one = record();
    one.status = status;
    one.diagnosis = diagnosis;
    std::string out;
    append_json(out, one);
    const std::size_t at = out.find("\"level\":\"") + 9;
    return out.substr(at, out.find('"', at) - at);
  };
  EXPECT_EQ(level(200, ""), "info");
  EXPECT_EQ(level(401, ""), "info");
  EXPECT_EQ(level(403, "refused"), "warning");
  EXPECT_EQ(level(502, ""), "error");
  EXPECT_EQ(level(503, "no KDC"), "error");
}

}  // namespace
}  // namespace stead::proxy
