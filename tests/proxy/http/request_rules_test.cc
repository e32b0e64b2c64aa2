#include "proxy/http/request_rules.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

#include "proxy/http/target.h"

namespace stead::proxy {
namespace {

using namespace std::string_literals;

struct Head {
  const char* name;
  std::string head;
  int status;  // 0: accepted
};
class RequestRules : public testing::TestWithParam<Head> {};
TEST_P(RequestRules, JudgeTheHead) {
  const auto violation = check_request_head(GetParam().head);
  EXPECT_EQ(violation ? violation->status : 0, GetParam().status) << (violation ? violation->reason : "taken");
}

// A head of HTTP/1.1 with Host and these lines.
std::string get(const std::string& lines) {
  return "GET / HTTP/1.1\r\nHost: a.example\r\n" + lines + "\r\n";
}
std::string target(const std::string& text) {
  return "GET " + text + " HTTP/1.1\r\nHost: a.example\r\n\r\n";
}

INSTANTIATE_TEST_SUITE_P(Taken, RequestRules,
                         testing::Values(Head{"plain", get(""), 0},
                                         Head{"port", "GET / HTTP/1.1\r\nHost: a.example:8443\r\n\r\n", 0},
                                         Head{"ipv6", "GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", 0},
                                         Head{"http_1_0_without_host", "GET / HTTP/1.0\r\n\r\n", 0},
                                         Head{"length", get("Content-Length: 12\r\n"), 0},
                                         Head{"chunked", get("Transfer-Encoding: Chunked\r\n"), 0},
                                         Head{"continue", get("Expect: 100-Continue\r\n"), 0},
                                         Head{"tab_around_value", get("A:\tb\t\r\n"), 0},
                                         Head{"high_octets_in_a_value", get("A: \xc3\xa4\r\n"), 0},
                                         Head{"empty_value", get("A:\r\n"), 0},
                                         Head{"harmless_underscore", get("my_header: 1\r\n"), 0},
                                         Head{"absolute_form", target("http://A.example/x?y"), 0},
                                         Head{"options_star", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 0},
                                         Head{"escapes", target("/a%20b%c3%a4?c=%2f..%00"), 0},
                                         Head{"dots_in_names", target("/.well-known/..a/a../..."), 0},
                                         Head{"own_method", "PROPFIND /a HTTP/1.1\r\nHost: a\r\n\r\n", 0}),
                         [](const auto& test) { return std::string(test.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Framing, RequestRules,
    testing::Values(Head{"length_and_chunked", get("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"), 400},
                    Head{"chunked_and_length", get("Transfer-Encoding: chunked\r\nContent-Length: 1\r\n"), 400},
                    Head{"two_lengths", get("Content-Length: 1\r\nContent-Length: 1\r\n"), 400},
                    Head{"length_list", get("Content-Length: 1, 1\r\n"), 400},
                    Head{"length_plus", get("Content-Length: +1\r\n"), 400},
                    Head{"length_minus", get("Content-Length: -1\r\n"), 400},
                    Head{"length_hex", get("Content-Length: 0x1\r\n"), 400},
                    Head{"length_empty", get("Content-Length:\r\n"), 400},
                    Head{"length_overflow", get("Content-Length: 99999999999999999999\r\n"), 400},
                    Head{"two_encodings", get("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 400},
                    Head{"encoding_list", get("Transfer-Encoding: gzip, chunked\r\n"), 501},
                    Head{"encoding_identity", get("Transfer-Encoding: identity\r\n"), 501},
                    Head{"encoding_xchunked", get("Transfer-Encoding: xchunked\r\n"), 501},
                    Head{"encoding_quoted", get("Transfer-Encoding: \"chunked\"\r\n"), 501},
                    Head{"encoding_vertical_tab",
                         get("Transfer-Encoding: \x0b"
                             "chunked\r\n"),
                         400},
                    Head{"encoding_empty", get("Transfer-Encoding:\r\n"), 400},
                    Head{"encoding_in_1_0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
                    Head{"blank_before_colon", get("Content-Length : 1\r\n"), 400},
                    Head{"underscored_length", get("Content_Length: 1\r\n"), 400},
                    Head{"underscored_encoding", get("Transfer_Encoding: chunked\r\n"), 400},
                    Head{"other_expectation", get("Expect: 200-ok\r\n"), 417}),
    [](const auto& test) { return std::string(test.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Lines, RequestRules,
    testing::Values(Head{"bare_lf_in_field", "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", 400},
                    Head{"bare_lf_everywhere", "GET / HTTP/1.1\nHost: a\n\n", 400},
                    Head{"bare_cr", get("A: b\rc\r\n"), 400}, Head{"nul", get("A: b\0c\r\n"s), 400},
                    Head{"nul_in_name", get("A\0: b\r\n"s), 400}, Head{"delete", get("A: \x7f\r\n"), 400},
                    Head{"escape", get("A: \x1b[0m\r\n"), 400}, Head{"folded", get("A: b\r\n c\r\n"), 400},
                    Head{"folded_by_tab", get("A: b\r\n\tc\r\n"), 400},
                    Head{"folded_first", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400},
                    Head{"no_colon", get("A b\r\n"), 400}, Head{"empty_name", get(": b\r\n"), 400},
                    Head{"name_with_blank", get("A B: c\r\n"), 400},
                    Head{"name_with_high_octet", get("\xc3\xa4: c\r\n"), 400},
                    Head{"no_blank_line", "GET / HTTP/1.1\r\nHost: a\r\n", 400}, Head{"empty", "\r\n\r\n", 400},
                    Head{"leading_blank_line", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
                    Head{"underscored_forwarded", get("X_Forwarded_For: 1\r\n"), 0},
                    Head{"underscored_user", get("Remote_User: root\r\n"), 0},
                    Head{"underscored_authorization", get("authorization_: x\r\nAuthori_zation: x\r\n"), 0},
                    Head{"half_underscored_forwarded", get("X-Forwarded_User: root\r\n"), 0}),
    [](const auto& test) { return std::string(test.param.name); });

INSTANTIATE_TEST_SUITE_P(
    RequestLines, RequestRules,
    testing::Values(
        Head{"no_version", "GET /\r\nHost: a\r\n\r\n", 400}, Head{"http_2", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505},
        Head{"http_0_9", "GET / HTTP/0.9\r\nHost: a\r\n\r\n", 505},
        Head{"http_1_2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", 505}, Head{"preface", "PRI * HTTP/2.0\r\n\r\n", 505},
        Head{"lower_case_version", "GET / http/1.1\r\nHost: a\r\n\r\n", 400},
        Head{"version_11", "GET / HTTP/11\r\nHost: a\r\n\r\n", 400},
        Head{"two_blanks", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        Head{"blank_in_target", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        Head{"tab", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        Head{"connect", "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", 501},
        Head{"trace", "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 501},
        Head{"bad_method", "G@T / HTTP/1.1\r\nHost: a\r\n\r\n", 400}, Head{"no_host", "GET / HTTP/1.1\r\n\r\n", 400},
        Head{"two_hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400},
        Head{"empty_host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400},
        Head{"host_with_path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
        Head{"host_with_user", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400},
        Head{"host_list", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400},
        Head{"other_absolute_host", target("http://b.example/"), 400},
        Head{"other_scheme", target("ftp://a.example/"), 400}, Head{"relative_target", target("a/b"), 400},
        Head{"get_star", target("*"), 400}, Head{"fragment", target("/a#b"), 400},
        Head{"raw_high_octet", target("/\xc3\xa4"), 400}, Head{"dot_dot", target("/a/../b"), 400},
        Head{"dot_dot_end", target("/a/.."), 400}, Head{"dot", target("/./a"), 400},
        Head{"encoded_dot_dot", target("/a/%2e%2E/b"), 400}, Head{"half_encoded", target("/a/.%2e/b"), 400},
        Head{"dots_with_parameter", target("/a/..;x/b"), 400}, Head{"encoded_slash", target("/a%2fb"), 0},
        Head{"encoded_slash_and_dots", target("/a/..%2fb"), 400},
        Head{"utf8_query", target("/a?q=\xc3\xa4\xe2\x82\xac"), 0},
        Head{"utf8_query_of_a_url", target("http://a.example/?\xf0\x9f\x98\x80"), 0},
        Head{"latin1_query", target("/a?q=\xe4"), 400}, Head{"overlong_query", target("/a?q=\xc0\xaf"), 400},
        Head{"cut_utf8_query", target("/a?q=\xe2\x82"), 400}, Head{"quote_in_query", target("/a?q=\""), 400},
        Head{"fragment_in_query", target("/a?q=#b"), 400}, Head{"encoded_backslash", target("/a%5cb"), 400},
        Head{"backslash", target("/a\\b"), 400}, Head{"encoded_nul", target("/a%00"), 400},
        Head{"broken_escape", target("/a%4"), 400}, Head{"encoded_newline", target("/a%0d%0aX:b"), 400}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(RequestRules, RefuseMoreThan32ElementsInConnection) {
  const std::string commas(31, ',');
  EXPECT_FALSE(check_request_head(get("Connection: " + commas + "\r\n")));
  EXPECT_EQ(check_request_head(get("Connection: ," + commas + "\r\n"))->status, 400);
  EXPECT_EQ(check_request_head(get("Connection: a\r\nconnection: " + commas + "\r\n"))->status, 400);
}

TEST(PartialHead, RefusesAsSoonAsItCan) {
  const auto fed_by_octets = [](const std::string& bytes) {
    PartialHead partial;
    for (std::size_t size = 1; size <= bytes.size(); ++size)
      if (const auto wrong = partial.check(std::string_view(bytes).substr(0, size)))
        return std::pair(wrong->status, size);
    return std::pair(0, std::size_t{0});
  };
  EXPECT_EQ(fed_by_octets("GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n").first, 0);
  EXPECT_EQ(fed_by_octets("GET /\r\n"), std::pair(400, std::size_t{7}));
  EXPECT_EQ(fed_by_octets("GET / HTTP/2.0\r\n").first, 505);
  EXPECT_EQ(fed_by_octets("GET / HTTP/1.1\r\nA: b\nc").first, 400);
  EXPECT_EQ(fed_by_octets("GET / HTTP/1.1\rx").first, 400);
  EXPECT_EQ(fed_by_octets("GET /" + std::string(40000, 'a')).first, 414);
}

TEST(RequestRules, RefuseTooManyFields) {
  std::string lines;
  for (int i = 0; i < 300; ++i) lines += "A: b\r\n";
  EXPECT_EQ(check_request_head(get(lines))->status, 431);
}

TEST(EndOfHead, IsFoundWhereverTheBytesWereSplit) {
  const std::string bytes = "GET / HTTP/1.1\r\nHost: a\r\n\r\nbody";
  for (std::size_t had = 0; had <= bytes.size() - 4; ++had) {
    EXPECT_EQ(end_of_head(bytes, std::min(had, bytes.size() - 5)), bytes.size() - 4) << had;
  }
  EXPECT_EQ(end_of_head("GET / HTTP/1.1\r\n"), std::string_view::npos);
}

TEST(Paths, AreWhatPolicyAndBackEndSee) {
  EXPECT_EQ(path_of("/a/b?c/d"), "/a/b");
  EXPECT_EQ(path_of("http://h:1/a?b"), "/a");
  EXPECT_EQ(path_of("http://h"), "/");
  EXPECT_EQ(path_of("*"), "");
  EXPECT_EQ(host_name_of("A.Example:8443"), "a.example");
  EXPECT_EQ(host_name_of("A.Example."), "a.example");
  EXPECT_EQ(host_name_of("[::1]:80"), "[::1]");
}

}  // namespace
}  // namespace stead::proxy
