// Answers of back ends that do not write HTTP as we do, between a client and a back end of plain sockets.
#include <chrono>
#include <future>
#include <string>

#include "tests/proxy/proxy_fixture.h"

namespace stead::proxy::test {
namespace {

using namespace std::string_literals;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const std::string kGet = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";

// What the client gets from a back end that sends `bytes` and then keeps its connection open without a word.
std::string received(const std::string& bytes, const std::string& request = kGet,
                     const std::string& until = "\r\n0\r\n") {
  BackEnd back_end([&](Wire& wire, int) {
    (void)wire.head();
    wire.send(bytes);
    (void)wire.rest();
  });
  Proxy proxy({back_end.port}, {.limits = {.upstream_reply_timeout = std::chrono::seconds(60)}});
  std::string out;
  {
    Wire client = proxy.connect();
    client.send(request);
    out = client.head();
    if (!until.empty()) out += client.until(until) + (until == "\r\n0\r\n" ? client.head() : "");
  }
  proxy.on_core([&] { proxy.core->now->pool.clear(); });
  return out;
}

TEST(Answers, WithBlanksThatAProxyRemovesArePassedOn) {
  const std::string out = received(
      "HTTP/1.1 200 OK\r\nX-Old \t: y\r\nTransfer-Encoding : chunked\r\n\r\n5 \r\nhello\r\n3\t;x\r\nabc\r\n0 \r\nX-Sum "
      ": "
      "1\r\n\r\n");
  EXPECT_THAT(out, HasSubstr("\r\nX-Old: y\r\n"));
  EXPECT_THAT(out, HasSubstr("\r\n\r\n5\r\nhello\r\n3\r\nabc\r\n0\r\n"));
  EXPECT_THAT(out, HasSubstr("\r\nTransfer-Encoding: chunked\r\n"));
}

TEST(Answers, PassTheirTrailersOn) {
  const std::string out = received(
      "HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 7\r\nSet-Cookie: "
      "a=b\r\nTransfer-Encoding: x\r\n\r\n");
  EXPECT_THAT(out, HasSubstr("\r\nTrailer: X-Sum\r\n"));
  EXPECT_TRUE(out.ends_with("3\r\nabc\r\n0\r\nX-Sum: 7\r\n\r\n")) << out;
}

TEST(Answers, GetADateWhereTheyHaveNone) {
  const std::string without = received("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", kGet, "");
  EXPECT_THAT(without, testing::ContainsRegex("\r\nDate: [A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} "));
  const std::string with = received("HTTP/1.1 200 OK\r\ndate: yesterday\r\nContent-Length: 0\r\n\r\n", kGet, "");
  EXPECT_THAT(with, HasSubstr("\r\ndate: yesterday\r\n"));
  EXPECT_THAT(with, Not(HasSubstr("Date:")));
}

// The back end stays silent: what cannot become an answer must not be waited for.
TEST(Answers, ThatAreNoHttpAreRefusedAtOnce) {
  for (const std::string& bytes :
       {"HTTP/1.1 200 OK\nContent-Length: 0\n\n"s, "HTTP/1.1 200 OK\r\nX: y\nZ: w\r\n"s, "<html>"s, "SSH-2.0-x\r\n"s,
        "\x15\x03\x03\x00\x02"s, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n"s,
        "HTTP/1.1 200 OK\r\nX\0: y\r\n"s}) {
    const auto start = std::chrono::steady_clock::now();
    EXPECT_THAT(received(bytes, kGet, ""), StartsWith("HTTP/1.1 502 ")) << bytes;
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(3)) << bytes;
  }
}

TEST(Answers, WithoutHttpTellTheLogWhy) {
  BackEnd back_end([](Wire& wire, int) {
    (void)wire.head();
    wire.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n");
    (void)wire.rest();
  });
  Proxy proxy({back_end.port});
  Wire client = proxy.connect();
  EXPECT_EQ(ask(client, kGet).status(), 502);
  proxy.on_core([&] {
    EXPECT_THAT(proxy.core->metrics.failures().at(0).summary, HasSubstr("chunked twice in Transfer-Encoding"));
  });
}

// --- requests -------------------------------------------------------------------------------------------------------

TEST(Upgrades, OfAPostCarryBothWays) {
  for (const std::string body : {"", "Content-Length: 0\r\n", "Content-Length: 5\r\n"}) {
    BackEnd back_end([&](Wire& wire, int) {
      const std::string head = wire.head();
      EXPECT_THAT(head, StartsWith("POST /exec HTTP/1.1\r\n"));
      EXPECT_THAT(head, HasSubstr("\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n"));
      EXPECT_THAT(head, HasSubstr("\r\n" + body));
      if (body.ends_with("5\r\n")) {
        EXPECT_EQ(wire.exactly(5), "hello");
      }
      wire.send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: tcp\r\nConnection: Upgrade\r\n\r\n");
      EXPECT_EQ(wire.exactly(4), "ping");
      wire.send("pong");
      (void)wire.rest();
    });
    Proxy proxy({back_end.port});
    Wire client = proxy.connect();
    client.send("POST /exec HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n" + body + "\r\n" +
                (body.ends_with("5\r\n") ? "hello" : ""));
    EXPECT_THAT(client.head(), StartsWith("HTTP/1.1 101 ")) << body;
    client.send("ping");
    EXPECT_EQ(client.exactly(4), "pong") << body;
  }
}

TEST(Upgrades, AreNotOfferedWithABodyThatIsStreamed) {
  BackEnd back_end(echo());
  Proxy proxy({back_end.port});
  Wire client = proxy.connect();
  const Answer answer =
      ask(client, "POST / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 40000\r\n\r\n" +
                      std::string(40000, 'x'));
  EXPECT_EQ(answer.status(), 200);
  EXPECT_THAT(answer.body, Not(HasSubstr("Upgrade")));
}

TEST(EmptyBodies, ThatCameInChunksGoOnWithALength) {
  BackEnd back_end(echo());
  Proxy proxy({back_end.port});
  Wire client = proxy.connect();
  for (const std::string chunks : {"0\r\n\r\n", "000;x\r\n\r\n", "0\r\nX: y\r\n\r\n"}) {
    const Answer answer = ask(client, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks);
    EXPECT_EQ(answer.status(), 200);
    EXPECT_THAT(answer.body, HasSubstr("\r\nContent-Length: 0\r\n"));
    EXPECT_THAT(answer.body, Not(HasSubstr("Transfer-Encoding")));
  }
  EXPECT_THAT(ask(client, kGet).body, Not(HasSubstr("Content-Length")));
}

}  // namespace
}  // namespace stead::proxy::test
