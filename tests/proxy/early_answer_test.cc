// An answer given before the request's body was read reaches a client that sends the whole body first.
#include <cstddef>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "tests/proxy/proxy_fixture.h"

namespace stead::proxy::test {
namespace {

constexpr std::size_t kUpload = 4 * 1024 * 1024;

int status_after(Proxy& proxy, std::string_view head, std::string_view body) {
  Wire client = proxy.connect();
  if (!client.send(head) || !client.send(body)) return -1;
  return read_answer(client).status();
}

TEST(EarlyAnswers, ReachAClientThatReadsLate) {
  BackEnd back_end(echo());
  Proxy proxy({back_end.port}, {.sign_in = true, .host = "h"});
  const std::string body(kUpload, 'x'), length = "Content-Length: " + std::to_string(kUpload) + "\r\n\r\n";
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(status_after(proxy, "POST / HTTP/1.1\r\nHost: h\r\n" + length, body), 401);
    EXPECT_EQ(status_after(proxy, "POST / HTTP/1.1\r\nHost: other\r\n" + length, body), 421);
    EXPECT_EQ(status_after(proxy, "POST /.stead/login HTTP/1.1\r\nHost: h\r\n" + length, body), 413);
    EXPECT_EQ(status_after(proxy, "POST /a/../b HTTP/1.1\r\nHost: h\r\n" + length, body), 400);
  }
}

TEST(EarlyAnswers, ReachAClientThatSendsChunks) {
  BackEnd back_end(echo());
  Proxy proxy({back_end.port}, {.sign_in = true, .host = "h"});
  std::string chunks;
  for (std::size_t sent = 0; sent < kUpload; sent += 0x8000) chunks += "8000\r\n" + std::string(0x8000, 'x') + "\r\n";
  EXPECT_EQ(
      status_after(proxy, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n", chunks + "0\r\n\r\n"),
      401);
}

TEST(EarlyAnswers, AreFollowedByTheConnectionsEnd) {
  BackEnd back_end(echo());
  Proxy proxy({back_end.port}, {.sign_in = true, .host = "h"});
  Wire client = proxy.connect();
  ASSERT_TRUE(client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 999999999\r\n\r\n"));
  EXPECT_EQ(read_answer(client).status(), 401);
  EXPECT_TRUE(client.ended());
}

}  // namespace
}  // namespace stead::proxy::test
