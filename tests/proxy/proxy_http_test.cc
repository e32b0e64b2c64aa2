// The HTTP side of the proxy between a client and a back end of plain sockets.
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <future>
#include <string>
#include <utility>

#include "tests/proxy/proxy_fixture.h"

namespace stead::proxy::test {
namespace {

using namespace std::string_literals;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const std::string kGet = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";

TEST(Proxying, IsTheSameHoweverARequestIsSplit) {
  BackEnd back_end(echo());
  Proxy proxy({back_end.port});
  Wire client = proxy.connect();
  const std::string request =
      "POST /a?b HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x\r\nde\r\n0\r\nT: r\r\n\r\n";
  for (std::size_t at = 1; at < request.size(); ++at) {
    ASSERT_TRUE(client.send(request.substr(0, at)));
    if (at % 8 == 0) ::usleep(2000);
    const Answer answer = ask(client, request.substr(at));
    ASSERT_EQ(answer.status(), 200) << at;
    ASSERT_TRUE(answer.body.ends_with("\r\n\r\nabcde")) << at << answer.body;
  }
  EXPECT_EQ(back_end.connections, 1);
}

TEST(Proxying, StreamsLargeBodiesBothWays) {
  BackEnd back_end(echo());
  Proxy proxy({back_end.port});
  std::string body(3'000'000, 'x');
  for (std::size_t i = 0; i < body.size(); i += 1000) body[i] = static_cast<char>('a' + i / 1000 % 26);
  Wire client = proxy.connect();
  const Answer by_length =
      ask(client, "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  EXPECT_EQ(by_length.status(), 200);
  EXPECT_TRUE(by_length.body.ends_with("\r\n\r\n" + body));
  std::string chunked;
  for (std::size_t at = 0; at < body.size(); at += 30000) chunked += "7530\r\n" + body.substr(at, 30000) + "\r\n";
  const Answer by_chunks =
      ask(client, "PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked + "0\r\n\r\n");
  EXPECT_EQ(by_chunks.status(), 200);
  EXPECT_TRUE(by_chunks.body.ends_with("\r\n\r\n" + body));
}

TEST(Proxying, PassesAnswersOnAsTheyCome) {
  std::promise<void> first_seen;
  BackEnd back_end([&](Wire& wire, int) {
    (void)wire.head();
    wire.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n");
    first_seen.get_future().wait();
    wire.send("6;x=y\r\nsecond\r\n0\r\nTrailer: x\r\n\r\n");
    (void)wire.head();
  });
  Proxy proxy({back_end.port});
  Wire client = proxy.connect();
  client.send(kGet);
  EXPECT_THAT(client.head(), HasSubstr("Transfer-Encoding: chunked"));
  EXPECT_EQ(client.until("first\r\n"), "5\r\nfirst\r\n");
  first_seen.set_value();
  EXPECT_EQ(client.until("0\r\n\r\n"), "6\r\nsecond\r\n0\r\n\r\n");
  client.close();
  proxy.on_core([&] { proxy.core->now->pool.clear(); });
}

TEST(Proxying, PassesRequestBodiesOnAsTheyCome) {
  std::promise<std::string> first;
  BackEnd back_end([&](Wire& wire, int) {
    (void)wire.head();
    first.set_value(wire.until("one\r\n"));
    (void)wire.until("0\r\n\r\n");
    wire.send("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
  });
  Proxy proxy({back_end.port});
  Wire client = proxy.connect();
  client.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
  EXPECT_EQ(first.get_future().get(), "3\r\none\r\n");
  client.send("3\r\ntwo\r\n0\r\n\r\n");
  const std::string head = client.head();
  EXPECT_THAT(head, StartsWith("HTTP/1.1 204 "));
  EXPECT_THAT(head, Not(HasSubstr("Content-Length")));
  EXPECT_THAT(head, Not(HasSubstr("Connection")));
}

TEST(Proxying, AnswersPipelinedRequestsInOrder) {
  BackEnd back_end(echo());
  Proxy proxy({back_end.port});
  Wire client = proxy.connect();
  std::string requests;
  for (int i = 0; i < 20; ++i)
    requests += "POST /" + std::to_string(i) + " HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx";
  client.send(requests);
  for (int i = 0; i < 20; ++i)
    ASSERT_THAT(read_answer(client).body, HasSubstr("POST /" + std::to_string(i) + " HTTP/1.1"));
}

TEST(Proxying, GivesAnHttp10ClientAnAnswerThatEndsWithItsConnection) {
  BackEnd back_end([](Wire& wire, int) {
    (void)wire.head();
    wire.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
  });
  Proxy proxy({back_end.port});
  Wire client = proxy.connect();
  client.send("GET / HTTP/1.0\r\n\r\n");
  const std::string answer = client.rest();
  EXPECT_THAT(answer, Not(HasSubstr("chunked")));
  EXPECT_THAT(answer, HasSubstr("Connection: close"));
  EXPECT_TRUE(answer.ends_with("\r\n\r\nabc"));
}

TEST(Proxying, GivesAnAnswerThatEndsWithItsConnectionInChunks) {
  BackEnd back_end([](Wire& wire, int) {
    (void)wire.head();
    wire.send("HTTP/1.0 200 OK\r\n\r\nabc");
  });
  Proxy proxy({back_end.port});
  Wire client = proxy.connect();
  EXPECT_EQ(ask(client, kGet).body, "abc");
  EXPECT_EQ(ask(client, kGet).body, "abc");
}

TEST(Proxying, ShowsAnAnswerThatBreaksOff) {
  BackEnd back_end([](Wire& wire, int number) {
    (void)wire.head();
    wire.send(number == 0 ? "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"
                          : "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  });
  Proxy proxy({back_end.port});
  for (int i = 0; i < 2; ++i) {
    Wire client = proxy.connect();
    client.send(kGet);
    (void)client.head();
    EXPECT_THAT(client.rest(), Not(HasSubstr("0\r\n\r\n")));
  }
}

TEST(Proxying, AnswersHeadWithoutBodyAndKeepsTheConnection) {
  BackEnd back_end(echo());
  Proxy proxy({back_end.port});
  Wire client = proxy.connect();
  client.send("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(read_answer(client, true).head, HasSubstr("\r\nContent-Length: "));
  EXPECT_EQ(ask(client, kGet).status(), 200);
}

TEST(Proxying, TellsEachAnswersRequestIdAndTrustsNoOther) {
  BackEnd back_end(echo());
  Proxy proxy({back_end.port});
  Wire client = proxy.connect();
  const Answer first = ask(client, "GET / HTTP/1.1\r\nHost: h\r\nX-Request-Id: mine\r\n\r\n"),
               second = ask(client, kGet);
  const auto id = [](const Answer& answer) { return answer.head.substr(answer.head.find("X-Request-Id: ") + 14, 32); };
  EXPECT_NE(id(first), id(second));
  EXPECT_THAT(first.body, HasSubstr("X-Request-Id: " + id(first)));
  EXPECT_THAT(first.body, Not(HasSubstr("mine")));
}

TEST(Proxying, SendsAGetAgainWhereAPooledConnectionProvesDead) {
  // The back end reads the second request on a connection and closes without a response.
  BackEnd back_end([](Wire& wire, int) {
    (void)wire.head();
    wire.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
    (void)wire.head();
  });
  Proxy proxy({back_end.port});
  Wire client = proxy.connect();
  for (int i = 0; i < 4; ++i) EXPECT_EQ(ask(client, kGet).status(), 200);
  EXPECT_EQ(back_end.connections, 4);
  EXPECT_EQ(ask(client, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx").status(), 502)
      << "a POST may have been done already";
}

TEST(Proxying, DoesNotReuseAConnectionThatSaidMoreThanItWasAsked) {
  BackEnd back_end([](Wire& wire, int) {
    while (!wire.head().empty())
      wire.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison");
  });
  Proxy proxy({back_end.port});
  Wire client = proxy.connect();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ask(client, kGet).body, "x");
  EXPECT_EQ(back_end.connections, 3);
}

TEST(Proxying, TriesTheNextUpstreamWhereOneIsGone) {
  std::uint16_t gone = 0;
  {
    gone = BackEnd([](Wire&, int) {}).port;
  }
  BackEnd back_end(echo());
  Proxy proxy({gone, back_end.port});
  Wire client = proxy.connect();
  for (int i = 0; i < 4; ++i) EXPECT_EQ(ask(client, kGet).status(), 200);
  Proxy alone({gone});
  Wire other = alone.connect();
  const Answer answer = ask(other, kGet);
  EXPECT_EQ(answer.status(), 502);
  EXPECT_THAT(answer.body, Not(HasSubstr("127.0.0.1")));
  EXPECT_EQ(ask(other, kGet).status(), 502) << "the client's connection stays";
}

TEST(Proxying, GivesUpOnABackEndThatDoesNotAnswer) {
  BackEnd back_end([](Wire& wire, int) { (void)wire.rest(); });
  Proxy proxy({back_end.port}, {.limits = {.upstream_reply_timeout = std::chrono::seconds(1)}});
  Wire client = proxy.connect();
  EXPECT_EQ(ask(client, kGet).status(), 504);
}

class MalformedAnswers : public testing::TestWithParam<std::pair<const char*, std::string>> {};
TEST_P(MalformedAnswers, ReachNobody) {
  BackEnd back_end([](Wire& wire, int) {
    (void)wire.head();
    wire.send(GetParam().second);
  });
  Proxy proxy({back_end.port});
  Wire client = proxy.connect();
  EXPECT_EQ(ask(client, kGet).status(), 502);
}
INSTANTIATE_TEST_SUITE_P(
    Table, MalformedAnswers,
    testing::Values(std::pair{"both_lengths",
                              "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"s},
                    std::pair{"bare_lf", "HTTP/1.1 200 OK\nContent-Length: 0\n\n"s}, std::pair{"nothing", ""s},
                    std::pair{"noise", "hello\r\n\r\n"s},
                    std::pair{"upgrade_unasked", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"s},
                    std::pair{"half", "HTTP/1.1 200 OK\r\nContent-"s},
                    std::pair{"long_head", "HTTP/1.1 200 OK\r\nX: " + std::string(100000, 'a')}),
    [](const auto& test) { return std::string(test.param.first); });

TEST(Proxying, PassesEarlyHintsAndSwallowsContinue) {
  BackEnd back_end([](Wire& wire, int) {
    (void)wire.head();
    wire.send(
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: "
        "0\r\n\r\n");
    (void)wire.rest();
  });
  Proxy proxy({back_end.port});
  Wire client = proxy.connect();
  client.send(kGet);
  EXPECT_EQ(client.head(), "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
  EXPECT_THAT(client.head(), StartsWith("HTTP/1.1 200 OK"));
  client.close();
  proxy.on_core([&] { proxy.core->now->pool.clear(); });
}

TEST(Proxying, PassesAnEarlyAnswerWhileTheBodyIsStillSent) {
  BackEnd back_end([](Wire& wire, int) {
    (void)wire.head();
    wire.send("HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nno!");
    (void)wire.rest();
  });
  Proxy proxy({back_end.port});
  Wire client = proxy.connect();
  client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000000\r\n\r\n" + std::string(100000, 'x'));
  const Answer answer = read_answer(client);
  EXPECT_EQ(answer.status(), 413);
  EXPECT_EQ(answer.body, "no!");
  EXPECT_THAT(answer.head, HasSubstr("Connection: close"));
}

TEST(Proxying, CarriesAWebSocketBothWays) {
  BackEnd back_end([](Wire& wire, int) {
    const std::string head = wire.head();
    EXPECT_THAT(head, HasSubstr("\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"));
    EXPECT_THAT(head, HasSubstr("\r\nSec-WebSocket-Key: abc\r\n"));
    wire.send(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
        "def\r\n\r\nhello");
    EXPECT_EQ(wire.exactly(4), "ping");
    wire.send("pong");
    EXPECT_EQ(wire.rest(), "bye");
    wire.send("last words");
  });
  Proxy proxy({back_end.port});
  Wire client = proxy.connect();
  client.send(
      "GET /ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: abc\r\n\r\n");
  const std::string head = client.head();
  EXPECT_THAT(head, StartsWith("HTTP/1.1 101 "));
  EXPECT_THAT(head, HasSubstr("\r\nUpgrade: websocket\r\n"));
  EXPECT_THAT(head, HasSubstr("\r\nSec-WebSocket-Accept: def\r\n"));
  EXPECT_EQ(client.exactly(5), "hello");
  client.send("ping");
  EXPECT_EQ(client.exactly(4), "pong");
  client.send("bye");
  client.end();
  EXPECT_EQ(client.rest(), "last words");
}

TEST(Proxying, AnswersAClientThatHasEndedItsSide) {
  BackEnd back_end(echo());
  Proxy proxy({back_end.port});
  Wire client = proxy.connect();
  client.send(kGet);
  client.end();
  EXPECT_EQ(read_answer(client).status(), 200);
  EXPECT_TRUE(client.ended());
}

// --- what never reaches a back end ----------------------------------------------------------------------------------

struct Bad {
  const char* name;
  std::string bytes;
  int status;
};
class MalformedRequests : public testing::TestWithParam<Bad> {};
TEST_P(MalformedRequests, AreRefusedAndReachNobody) {
  BackEnd back_end(echo());
  Proxy proxy({back_end.port});
  Wire client = proxy.connect();
  client.send(GetParam().bytes);
  const Answer answer = read_answer(client);
  EXPECT_EQ(answer.status(), GetParam().status) << answer.head;
  EXPECT_THAT(answer.head, HasSubstr("\r\nConnection: close\r\n"));
  EXPECT_THAT(answer.head, HasSubstr("\r\nX-Request-Id: "));
  EXPECT_TRUE(client.ended());
  EXPECT_EQ(back_end.connections, 0);
}
const std::string kChunked = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
INSTANTIATE_TEST_SUITE_P(
    Table, MalformedRequests,
    testing::Values(
        Bad{"both_lengths",
            "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
        Bad{"bare_lf_head", "GET / HTTP/1.1\nHost: h\n\n", 400},
        Bad{"bare_lf_at_the_end", "GET / HTTP/1.1\r\nHost: h\r\n\n", 400}, Bad{"http_0_9", "GET /\r\n", 400},
        Bad{"http_2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
        Bad{"connect", "CONNECT h:1 HTTP/1.1\r\nHost: h:1\r\n\r\n", 501},
        Bad{"tls_on_a_plain_port", "\x16\x03\x01\x02\x00\x01"s, 400},
        Bad{"long_head", "GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(70000, 'a') + "\r\n\r\n", 431},
        Bad{"endless_head", "GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(70000, 'a'), 431},
        Bad{"two_authorizations", "GET / HTTP/1.1\r\nHost: h\r\nAuthorization: a\r\nAuthorization: b\r\n\r\n", 400},
        Bad{"bad_chunk_size", kChunked + "x\r\n", 400},
        Bad{"chunk_with_bare_lf", kChunked + "5\nhello\r\n0\r\n\r\n", 400},
        Bad{"chunk_extension_with_lf", kChunked + "5;a\nb\r\nhello\r\n0\r\n\r\n", 400},
        Bad{"chunk_too_long", kChunked + "3\r\nhello\r\n0\r\n\r\n", 400},
        Bad{"bad_trailer", kChunked + "0\r\nGET /admin HTTP/1.1\r\n\r\n", 400},
        Bad{"second_chunk", kChunked + "5\r\nhello\r\nzz\r\n", 400},
        Bad{"underscored_length", "GET / HTTP/1.1\r\nHost: h\r\nContent_Length: 5\r\n\r\n", 400},
        Bad{"dot_dot", "GET /a/%2e%2e/b HTTP/1.1\r\nHost: h\r\n\r\n", 400},
        Bad{"control_character", "GET / HTTP/1.1\r\nHost: h\r\nX: \x01\r\n\r\n", 400}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(MalformedChunks, ThatComeLateEndTheBackEndsRequestUnfinished) {
  std::promise<std::string> seen;
  BackEnd back_end([&](Wire& wire, int) {
    (void)wire.head();
    seen.set_value(wire.rest());
  });
  Proxy proxy({back_end.port});
  Wire client = proxy.connect();
  client.send(kChunked + "5\r\nhello\r\n");
  ::usleep(50000);
  client.send("bad\n");
  EXPECT_EQ(read_answer(client).status(), 400);
  EXPECT_TRUE(client.ended());
  EXPECT_EQ(seen.get_future().get(), "5\r\nhello\r\n");
}

TEST(UnfinishedBodies, AreNotTakenForWhole) {
  std::promise<std::string> seen;
  BackEnd back_end([&](Wire& wire, int) {
    (void)wire.head();
    seen.set_value(wire.rest());
  });
  Proxy proxy({back_end.port});
  {
    Wire client = proxy.connect();
    client.send(kChunked + "5\r\nhello\r\n");
    ::usleep(50000);
  }
  EXPECT_EQ(seen.get_future().get(), "5\r\nhello\r\n");
}

TEST(SlowHeads, AreNotWaitedForLong) {
  Proxy proxy({1}, {.limits = {.header_timeout = std::chrono::seconds(1)}});
  Wire client = proxy.connect();
  client.send("GET / HT");
  const Answer answer = read_answer(client);
  EXPECT_EQ(answer.status(), 408);
  EXPECT_THAT(answer.head, HasSubstr("\r\nConnection: close\r\n"));
  EXPECT_TRUE(client.ended());
}

TEST(SlowHeads, OfAConnectionThatSaysNothingGetNoAnswer) {
  Proxy proxy({1}, {.limits = {.idle_timeout = std::chrono::seconds(1)}});
  Wire client = proxy.connect();
  EXPECT_TRUE(client.ended());
}

TEST(EmptyLines, AreToleratedBeforeARequestOnce) {
  BackEnd back_end(echo());
  Proxy proxy({back_end.port});
  Wire client = proxy.connect();
  for (const std::string before : {"\r\n", "", "\r\n"}) EXPECT_EQ(ask(client, before + kGet).status(), 200);
  client.send("\r");
  ::usleep(20000);
  client.send("\n");
  ::usleep(20000);
  EXPECT_EQ(ask(client, kGet).status(), 200);
  EXPECT_EQ(ask(client, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx\r\n" + kGet).status(), 200);
  EXPECT_EQ(read_answer(client).status(), 200);
  EXPECT_EQ(ask(client, "\r\n\r\n" + kGet).status(), 400);
  EXPECT_TRUE(client.ended());
}

TEST(SlowBodies, ThatTrickleWithoutEndAreNotWaitedFor) {
  BackEnd back_end(echo());
  Proxy proxy({back_end.port},
              {.limits = {.body_idle_timeout = std::chrono::seconds(1), .body_bytes_per_second = 100}});
  Wire client = proxy.connect();
  client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n");
  const auto start = Clock::now();
  while (client.silent(100) && Clock::now() - start < std::chrono::seconds(10)) client.send("x");
  EXPECT_LT(Clock::now() - start, std::chrono::seconds(5));
  EXPECT_GE(Clock::now() - start, std::chrono::milliseconds(900));
}

TEST(SlowBodies, ThatKeepTheRateMayTakeLong) {
  BackEnd back_end(echo());
  Proxy proxy({back_end.port},
              {.limits = {.body_idle_timeout = std::chrono::seconds(1), .body_bytes_per_second = 100}});
  Wire client = proxy.connect();
  client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1250\r\n\r\n");
  for (int i = 0; i < 25; ++i) {
    client.send(std::string(50, 'x'));
    ::usleep(100000);
  }
  EXPECT_EQ(read_answer(client).status(), 200);
}

// A client that reads nothing while the back end keeps sending early hints.
TEST(SlowReaders, OfInterimAnswersAreNotWaitedFor) {
  std::promise<void> ended;
  BackEnd back_end([&](Wire& wire, int) {
    (void)wire.head();
    const std::string hint = "HTTP/1.1 103 Early Hints\r\nLink: <" + std::string(60000, 'a') + ">\r\n\r\n";
    for (int i = 0; i < 15 && wire.send(hint); ++i) {
    }
    (void)wire.rest();
    ended.set_value();
  });
  Proxy proxy({back_end.port}, {.limits = {.body_idle_timeout = std::chrono::seconds(1),
                                           .upstream_reply_timeout = std::chrono::seconds(60)},
                                .send_buffer = 4096});
  Wire client = proxy.connect();
  client.receive_little();
  client.send(kGet);
  EXPECT_EQ(ended.get_future().wait_for(std::chrono::seconds(4)), std::future_status::ready);
}

// --- back ends by name ----------------------------------------------------------------------------------------------

TEST(Names, ThatTheResolverIsSilentAboutAreGivenUpInTime) {
  BackEnd back_end(echo());
  Proxy proxy({back_end.port},
              {.limits = {.upstream_connect_timeout = std::chrono::seconds(1)}, .upstream_host = "back.corp.test"});
  std::promise<void> go_on;
  const std::shared_future<void> may = go_on.get_future().share();
  std::atomic<int> lookups{0};
  proxy.on_core([&] {
    proxy.core->now->pool.set_lookup([&, may](const std::string& host, std::uint16_t port, Error&) {
      EXPECT_EQ(host, "back.corp.test");
      ++lookups;
      may.wait();
      return UpstreamNames::Endpoints{{boost::asio::ip::address_v4::loopback(), port}};
    });
  });
  const auto start = Clock::now();
  Wire first = proxy.connect(), second = proxy.connect();
  first.send(kGet);
  second.send(kGet);
  EXPECT_EQ(read_answer(first).status(), 502);
  EXPECT_EQ(read_answer(second).status(), 502);
  EXPECT_LT(Clock::now() - start, std::chrono::seconds(4));
  EXPECT_EQ(lookups, 1) << "one for all that wait";
  go_on.set_value();
  EXPECT_EQ(ask(first, kGet).status(), 200);
}

TEST(Names, AreLookedUpOnceForAWhileAndAnOldAnswerIsBetterThanNone) {
  BackEnd back_end([](Wire& wire, int) {
    (void)wire.head();
    wire.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  });
  Proxy proxy({back_end.port}, {.upstream_host = "back.corp.test"});
  std::atomic<int> lookups{0};
  proxy.on_core([&] {
    proxy.core->now->pool.set_lookup([&](const std::string&, std::uint16_t port, Error& error) {
      if (++lookups == 1) return UpstreamNames::Endpoints{{boost::asio::ip::address_v4::loopback(), port}};
      error = boost::asio::error::host_not_found;
      return UpstreamNames::Endpoints{};
    });
  });
  Wire client = proxy.connect();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ask(client, kGet).status(), 200);
  EXPECT_EQ(lookups, 1);
}

TEST(Names, ThatAreUnknownAreABadGateway) {
  Proxy proxy({1}, {.upstream_host = "no-such-name.invalid"});
  Wire client = proxy.connect();
  EXPECT_EQ(ask(client, kGet).status(), 502);
}

TEST(OwnAddresses, OfABackEndBecomeTheClients) {
  BackEnd back_end([](Wire& wire, int) {
    while (true) {
      const std::string head = wire.head();
      if (!head.ends_with("\r\n\r\n")) return;
      EXPECT_THAT(head, StartsWith("GET /app/a HTTP/1.1\r\n"));
      const std::string own =
          head.substr(head.find("X-Port: ") + 8, head.find("\r\n", head.find("X-Port: ")) - head.find("X-Port: ") - 8);
      wire.send("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:" + own +
                "/app/b?c\r\nSet-Cookie: a=1; Domain=127.0.0.1; Path=/app\r\n"
                "Content-Location: /app/d\r\nLink: <http://127.0.0.1:" +
                own + "/>\r\nContent-Length: 0\r\n\r\n");
    }
  });
  Proxy proxy({back_end.port}, {.base_path = "/app"});
  Wire client = proxy.connect();
  const std::string port = std::to_string(back_end.port);
  const Answer answer = ask(client, "GET /a HTTP/1.1\r\nHost: front.test:81\r\nX-Port: " + port + "\r\n\r\n");
  EXPECT_THAT(answer.head, HasSubstr("\r\nLocation: http://front.test:81/b?c\r\n"));
  EXPECT_THAT(answer.head, HasSubstr("\r\nSet-Cookie: a=1; Path=/\r\n"));
  EXPECT_THAT(answer.head, HasSubstr("\r\nContent-Location: /d\r\n"));
  EXPECT_THAT(answer.head, HasSubstr("\r\nLink: <http://127.0.0.1:" + port + "/>\r\n")) << "left as it is";
}

TEST(Hosts, ThatNobodyServesAreMisdirected) {
  BackEnd back_end(echo());
  Proxy proxy({back_end.port}, {.host = "one.example"});
  Wire client = proxy.connect();
  EXPECT_EQ(ask(client, "GET / HTTP/1.1\r\nHost: two.example\r\n\r\n").status(), 421);
  EXPECT_EQ(ask(client, "GET / HTTP/1.1\r\nHost: ONE.example.:8443\r\n\r\n").status(), 200);
  EXPECT_EQ(ask(client, "GET http://one.example/x HTTP/1.1\r\nHost: one.example\r\n\r\n").status(), 200);
  EXPECT_EQ(back_end.connections, 1);
}

TEST(OwnPages, AreNeverForwarded) {
  BackEnd back_end(echo());
  Proxy proxy({back_end.port});
  Wire client = proxy.connect();
  EXPECT_EQ(ask(client, "POST /.stead/login HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\na=b").body,
            "POST /.stead/login a=b");
  EXPECT_EQ(
      ask(client, "POST /.stead/login HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\na=b\r\n0\r\n\r\n")
          .body,
      "POST /.stead/login a=b");
  EXPECT_EQ(ask(client, "GET /%2estead/x HTTP/1.1\r\nHost: h\r\n\r\n").body, "GET /%2estead/x ");
  EXPECT_EQ(ask(client, "POST /.stead/login HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n").status(), 413);
  EXPECT_EQ(back_end.connections, 0);
}

// --- the end --------------------------------------------------------------------------------------------------------

TEST(Draining, LetsRequestsInFlightEndAndClosesTheIdle) {
  std::promise<void> asked, go_on;
  BackEnd back_end([&](Wire& wire, int) {
    (void)wire.head();
    asked.set_value();
    go_on.get_future().wait();
    wire.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone");
  });
  Proxy proxy({back_end.port});
  Wire idle = proxy.connect(), busy = proxy.connect();
  busy.send(kGet);
  asked.get_future().wait();
  proxy.on_core([&] { proxy.core->drain(); });
  EXPECT_TRUE(idle.ended());
  go_on.set_value();
  const Answer answer = read_answer(busy);
  EXPECT_EQ(answer.body, "done");
  EXPECT_THAT(answer.head, HasSubstr("Connection: close"));
  EXPECT_TRUE(busy.ended());
}

}  // namespace
}  // namespace stead::proxy::test
