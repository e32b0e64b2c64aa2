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
          .tls = "TLSv1.3",
          .method = "GET",
          .host = "h",
          .path = "/a",
          .query = "x=1",
          .referer = "https://h/",
          .user_agent = "curl/8",
          .trace_id = {},
          .status = 200,
          .user = "alice@A",
          .sign_in = "forms",
          .spn = "HTTP/b",
          .delegation = "s4u",
          .upstream = "127.0.0.1:1",
          .bytes_in = 3,
          .bytes_out = 12,
          .time = std::chrono::microseconds(12'034),
          .ticket = nullptr,
          .ticket_was_cached = false,
          .diagnosis = {}};
}

TEST(AccessLog, HasOneObjectALine) {
  std::string out;
  append_json(out, record());
  EXPECT_EQ(
      out,
      "{\"time\":\"2023-11-14T22:13:20.042Z\",\"request_id\":\"0123\",\"remote\":\"192.0.2.1\",\"protocol\":\"HTTP/"
      "1.1\",\"tls\":\"TLSv1.3\",\"method\":"
      "\"GET\",\"host\":\"h\","
      "\"path\":\"/"
      "a\",\"query\":\"x=1\",\"status\":200,\"level\":\"info\",\"user\":\"alice@A\",\"sign_in\":\"forms\",\"spn\":"
      "\"HTTP/"
      "b\",\"delegation\":\"s4u\","
      "\"upstream\":\"127.0.0.1:1\",\"user_agent\":\"curl/8\",\"bytes_in\":3,\"bytes_out\":12,\"ms\":12.034}\n");
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

TraceStep step(const char* exchange, const char* realm, const char* controller, double milliseconds) {
  TraceStep out;
  out.exchange = exchange;
  out.realm = realm;
  out.controller = controller;
  out.answer = "ticket";
  out.milliseconds = milliseconds;
  return out;
}

TEST(AccessLog, TellsHowATicketWasObtained) {
  Trace trace;
  trace.steps = {step("S4U2Self", "A", "dc1.a", 1.5), step("S4U2Proxy", "B", "dc2.b", 2.25)};
  AccessRecord one = record();
  one.ticket = &trace;
  std::string out;
  append_json(out, one);
  EXPECT_NE(
      out.find(
          ",\"kerberos\":{\"cache\":\"miss\",\"controller\":\"dc2.b\",\"ms\":3.750,\"steps\":["
          "{\"exchange\":\"S4U2Self\",\"realm\":\"A\",\"controller\":\"dc1.a\",\"answer\":\"ticket\",\"ms\":1.500},"
          "{\"exchange\":\"S4U2Proxy\",\"realm\":\"B\",\"controller\":\"dc2.b\",\"answer\":\"ticket\",\"ms\":2.250}]}"
          "}"),
      std::string::npos)
      << out;
  one.ticket_was_cached = true;
  out.clear();
  append_json(out, one);
  EXPECT_NE(out.find(",\"kerberos\":{\"cache\":\"hit\",\"controller\":\"dc2.b\"}}"), std::string::npos) << out;
}

TEST(AccessLog, IsWrittenInTheCombinedFormat) {
  std::string out;
  append_combined(out, record());
  EXPECT_EQ(out,
            "192.0.2.1 - alice@A [14/Nov/2023:22:13:20 +0000] \"GET /a?x=1 HTTP/1.1\" 200 12 \"https://h/\" "
            "\"curl/8\"\n");
}

TEST(AccessLog, HostileTextEndsNoFieldOfTheCombinedFormat) {
  AccessRecord hostile = record();
  hostile.user = "a b\"c";
  hostile.path = "/\"\n";
  hostile.user_agent = "\\\x1b[2J\" 200";
  hostile.referer = {};
  std::string out;
  append_combined(out, hostile);
  EXPECT_EQ(out,
            "192.0.2.1 - a\\x20b\\x22c [14/Nov/2023:22:13:20 +0000] \"GET /\\x22\\x0A?x=1 HTTP/1.1\" 200 12 \"-\" "
            "\"\\x5C\\x1B[2J\\x22 200\"\n");
}

}  // namespace
}  // namespace stead::proxy
