#include "proxy/http/message_head.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>

namespace stead::proxy {
namespace {

using namespace std::string_literals;

RequestHead request(const std::string& bytes) {
  RequestHead head;
  EXPECT_TRUE(parse_request_head(bytes, head));
  return head;
}

TEST(RequestHead, HasItsPartsAndItsFraming) {
  const std::string bytes =
      "POST /a?b HTTP/1.1\r\nHost: h:1\r\nCookie: a=1\r\ncookie: b=2\r\nCONTENT-LENGTH: 12\r\nExpect: "
      "100-continue\r\n\r\n";
  const RequestHead head = request(bytes);
  EXPECT_EQ(head.method, "POST");
  EXPECT_EQ(head.target, "/a?b");
  EXPECT_EQ(head.host, "h:1");
  EXPECT_EQ(head.cookie, "a=1");
  EXPECT_TRUE(head.several_cookies);
  EXPECT_TRUE(head.expects_continue);
  EXPECT_EQ(head.framing, Framing::length);
  EXPECT_EQ(head.content_length, 12U);
  EXPECT_EQ(head.fields.size(), 5U);
}

TEST(RequestHead, KnowsWhetherItsConnectionStays) {
  EXPECT_TRUE(request("GET / HTTP/1.1\r\nHost: h\r\n\r\n").keep_alive);
  EXPECT_FALSE(request("GET / HTTP/1.1\r\nHost: h\r\nConnection: x, Close\r\n\r\n").keep_alive);
  EXPECT_FALSE(request("GET / HTTP/1.0\r\nHost: h\r\n\r\n").keep_alive);
  EXPECT_TRUE(request("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n").keep_alive);
  EXPECT_FALSE(request("GET / HTTP/1.1\r\nConnection: close\r\nConnection: keep-alive\r\n\r\n").keep_alive);
}

TEST(RequestHead, UpgradesOnlyWhereItMayAndNeverToHttp2) {
  const auto asks = [](const std::string& line, const std::string& more) {
    return request(line + " HTTP/1.1\r\nHost: h\r\n" + more + "\r\n").wants_upgrade;
  };
  EXPECT_TRUE(asks("GET /", "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"));
  EXPECT_FALSE(asks("GET /", "Upgrade: websocket\r\n"));
  EXPECT_FALSE(asks("GET /", "Connection: Upgrade\r\n"));
  EXPECT_TRUE(asks("POST /", "Connection: Upgrade\r\nUpgrade: SPDY/3.1\r\n"));
  EXPECT_TRUE(asks("POST /", "Connection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 0\r\n"));
  EXPECT_TRUE(asks("POST /", "Connection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 3\r\n"));
  EXPECT_FALSE(asks("GET /", "Connection: Upgrade\r\nUpgrade: h2c\r\n"));
  EXPECT_FALSE(asks("POST /", "Connection: Upgrade\r\nUpgrade: websocket, h2c\r\n"));
}

TEST(RequestHead, IsFilledAnew) {
  RequestHead head;
  ASSERT_TRUE(parse_request_head("GET / HTTP/1.1\r\nHost: h\r\nAuthorization: Negotiate x\r\nCookie: c\r\n\r\n", head));
  ASSERT_TRUE(parse_request_head("GET / HTTP/1.1\r\nHost: h\r\n\r\n", head));
  EXPECT_EQ(head.fields.size(), 1U);
  EXPECT_TRUE(head.authorization.empty());
  EXPECT_TRUE(head.cookie.empty());
}

struct Answer {
  const char* name;
  std::string bytes;
  bool taken;
  Framing framing = Framing::none;
  bool to_head = false;
};
class ResponseHeads : public testing::TestWithParam<Answer> {};
TEST_P(ResponseHeads, AreJudged) {
  ResponseHead head;
  std::string bytes = GetParam().bytes;
  const auto wrong = parse_response_head(bytes, GetParam().to_head ? AnswerTo::head : AnswerTo::other, head);
  EXPECT_EQ(wrong.empty(), GetParam().taken) << wrong;
  if (GetParam().taken) {
    EXPECT_EQ(head.framing, GetParam().framing);
  }
}
std::string answer(const std::string& lines, const std::string& status = "200 OK") {
  return "HTTP/1.1 " + status + "\r\n" + lines + "\r\n";
}
INSTANTIATE_TEST_SUITE_P(
    Table, ResponseHeads,
    testing::Values(
        Answer{"length", answer("Content-Length: 5\r\n"), true, Framing::length},
        Answer{"no_body", answer("Content-Length: 0\r\n"), true, Framing::none},
        Answer{"chunked", answer("Transfer-Encoding: chunked\r\n"), true, Framing::chunked},
        Answer{"until_close", answer("X: y\r\n"), true, Framing::until_close},
        Answer{"to_head", answer("Content-Length: 5\r\n"), true, Framing::none, true},
        Answer{"status_204", answer("Content-Length: 5\r\n", "204 No"), true, Framing::none},
        Answer{"status_304", answer("Content-Length: 5\r\n", "304 No"), true, Framing::none},
        Answer{"interim", answer("", "103 Early Hints"), true, Framing::none},
        Answer{"no_reason", answer("Content-Length: 5\r\n", "200"), true, Framing::length},
        Answer{"empty_reason", answer("", "200 "), true, Framing::until_close},
        Answer{"same_length_twice", answer("Content-Length: 5\r\nContent-Length: 5\r\n"), true, Framing::length},
        Answer{"two_lengths", answer("Content-Length: 5\r\nContent-Length: 6\r\n"), false},
        Answer{"both", answer("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), false},
        Answer{"gzip", answer("Transfer-Encoding: gzip, chunked\r\n"), false},
        Answer{"twice_chunked", answer("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), false},
        Answer{"chunked_in_1_0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", false},
        Answer{"bad_length", answer("Content-Length: -5\r\n"), false},
        Answer{"folded", answer("X: y\r\n z\r\n"), false}, Answer{"folded_at_once", answer("X:\r\n z\r\n"), false},
        Answer{"folded_empty", answer("X: y\r\n \r\n"), false},
        Answer{"folded_twice_empty", answer("X:\r\n \r\n\t\r\n"), false},
        Answer{"control_in_a_list_to_mend", answer("Connection: a b, c\x01\r\n"), false},
        Answer{"bare_lf_in_a_list_to_mend", answer("Connection: a b\nc: d\r\n"), false},
        Answer{"length_in_a_list", answer("Content-Length: 5, 5\r\n"), false},
        Answer{"length_behind_chunked", answer("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"), false},
        Answer{"huge_length", answer("Content-Length: 1234567890123456789\r\n"), false},
        Answer{"blank_inside", answer("\r\nX: y\r\n"), false}, Answer{"no_colon", answer("nonsense\r\n"), false},
        Answer{"blank_before_colon", answer("X : y\r\nContent-Length \t: 5\r\n"), true, Framing::length},
        Answer{"blank_before_chunked", answer("Transfer-Encoding : chunked\r\n"), true, Framing::chunked},
        Answer{"blank_before_two_lengths", answer("Content-Length : 5\r\nContent-Length: 6\r\n"), false},
        Answer{"blank_before_name", answer(" X: y\r\n"), false}, Answer{"no_name", answer(": y\r\n"), false},
        Answer{"blank_name", answer(" : y\r\n"), false}, Answer{"blank_in_name", answer("X Y: y\r\n"), false},
        Answer{"chunked_in_a_list", answer("Transfer-Encoding: chunked, chunked\r\n"), false},
        Answer{"identity", answer("Transfer-Encoding: identity\r\n"), false},
        Answer{"bare_lf", answer("X: y\nZ: w\r\n"), false}, Answer{"bare_cr", answer("X: y\rZ: w\r\n"), false},
        Answer{"nul", answer("X: \0\r\n"s), false}, Answer{"http_2", "HTTP/2 200 OK\r\n\r\n", false},
        Answer{"no_status", "HTTP/1.1 OK\r\n\r\n", false}, Answer{"status_99", answer("", "099 x"), false},
        Answer{"status_600", answer("", "600 x"), false}, Answer{"long_status", answer("", "2000 x"), false},
        Answer{"request", "GET / HTTP/1.1\r\n\r\n", false}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(ResponseHeads, SayWhyTheyAreRefused) {
  const auto fault = [](const std::string& lines) {
    ResponseHead head;
    std::string bytes = answer(lines);
    return std::string(parse_response_head(bytes, AnswerTo::other, head));
  };
  const std::string twice = "chunked twice in Transfer-Encoding";
  EXPECT_EQ(fault("Transfer-Encoding: chunked, chunked\r\n"), twice);
  EXPECT_EQ(fault("Transfer-Encoding: Chunked ,gzip,\tchunked\r\n"), twice);
  EXPECT_EQ(fault("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), twice);
  EXPECT_EQ(fault("Transfer-Encoding: gzip, chunked\r\n"), "a Transfer-Encoding other than chunked");
}

TEST(ResponseHeads, AreRefusedAsSoonAsTheyCannotBecomeValid) {
  const auto fault = [](const std::string& bytes) {
    const std::string whole(check_partial_response_head(bytes, 0));
    for (std::size_t size = 1; size < bytes.size(); ++size) {  // fed octet by octet, the fault is found as well
      if (!check_partial_response_head(bytes.substr(0, size), size - 1).empty()) return !whole.empty();
    }
    EXPECT_EQ(check_partial_response_head(bytes, bytes.size() - 1).empty(), whole.empty()) << bytes;
    return !whole.empty();
  };
  for (const std::string& bytes :
       {"HTTP/1.1 200 OK\nX: y\n\n"s, "HTTP/1.1 200 OK\r\nX: y\nZ"s, "HTTP/1.1 200 OK\r\nX\ry"s, "HTTP/1.1 200 \0"s,
        "<html>"s, "SSH-2.0-x\r\n"s, "\x15\x03\x03"s, "HTTP/2 200"s, "\r\n"s})
    EXPECT_TRUE(fault(bytes)) << bytes;
  for (const std::string& bytes : {"H"s, "HTTP/1.1 200 OK"s, "HTTP/1.0 200 OK\r"s, "HTTP/1.1 200 OK\r\nX: \ty\r\n\r"s})
    EXPECT_FALSE(fault(bytes)) << bytes;
}

TEST(RequestHead, IsMalformedWhereConnectionIsNotAList) {
  RequestHead head;
  const auto taken = [&](const std::string& value) {
    return parse_request_head("GET / HTTP/1.1\r\nHost: h\r\nConnection: " + value + "\r\n\r\n", head);
  };
  EXPECT_TRUE(taken(""));
  EXPECT_TRUE(taken(",, close ,"));
  EXPECT_FALSE(head.keep_alive);
  EXPECT_FALSE(taken("close; x"));
  EXPECT_FALSE(taken("\"close\""));
}

// Beast obeys it; we don't.
TEST(RequestHead, IgnoresProxyConnection) {
  EXPECT_TRUE(request("GET / HTTP/1.1\r\nHost: h\r\nProxy-Connection: close\r\n\r\n").keep_alive);
  EXPECT_FALSE(request("GET / HTTP/1.0\r\nProxy-Connection: keep-alive\r\n\r\n").keep_alive);
  EXPECT_FALSE(request("GET / HTTP/1.0\r\nConnection: close, keep-alive\r\n\r\n").keep_alive);
}

TEST(RequestHead, IsNeverFolded) {
  RequestHead head;
  for (const std::string& lines : {"X: y\r\n z\r\n"s, "X:\r\n z\r\n"s, "X: y\r\n \r\n"s, "X:\r\n\t\r\n"s})
    EXPECT_FALSE(parse_request_head("GET / HTTP/1.1\r\nHost: h\r\n" + lines + "\r\n", head)) << lines;
}

TEST(ResponseHead, IsMendedWhereBackEndsAreKnownToBeWrong) {
  std::string bytes = "HTTP/1.1 200\r\nX \t: y\r\nConnection: a b, close; now, Close\r\nProxy-Connection: ;\r\n\r\n";
  ResponseHead head;
  EXPECT_EQ(parse_response_head(bytes, AnswerTo::other, head), "");
  EXPECT_EQ(bytes, "HTTP/1.1 200 \r\nX: y\r\nConnection:,,Close\r\nProxy-Connection:\r\n\r\n");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.reason, "");
  EXPECT_FALSE(head.keep_alive);
  ASSERT_EQ(head.fields.size(), 3U);
  EXPECT_EQ(head.fields[0].name, "X");
  EXPECT_EQ(head.fields[0].value, "y");
}

TEST(Lists, AreSearchedByToken) {
  EXPECT_TRUE(list_has("a, Close ,b", "close"));
  EXPECT_TRUE(list_has("close", "close"));
  EXPECT_FALSE(list_has("closed, x-close", "close"));
  EXPECT_FALSE(list_has("", "close"));
}

TEST(ResponseHead, WithTooManyElementsInConnectionIsRefused) {
  ResponseHead head;
  for (const std::string& list : {std::string(32, ','), std::string(32, ',') + ";"}) {
    std::string bytes = "HTTP/1.1 200 OK\r\nConnection: " + list + "\r\n\r\n";
    EXPECT_EQ(parse_response_head(bytes, AnswerTo::other, head), "too many elements in Connection");
  }
}

}  // namespace
}  // namespace stead::proxy
