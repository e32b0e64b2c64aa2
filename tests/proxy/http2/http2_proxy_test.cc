// Requests over HTTP/2 through the proxy, octet by octet on both sides.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <string>
#include <thread>
#include <vector>

#include "tests/proxy/http2/http2_client.h"
#include "tests/proxy/proxy_fixture.h"

namespace stead::proxy::test {
namespace {

using testing::HasSubstr;
using testing::Not;
using Ends = Http2Client::Ends;

FieldList post(const FieldList& more = {}) {
  FieldList out{{":method", "POST"}, {":scheme", "http"}, {":authority", "web"}, {":path", "/"}};
  out.insert(out.end(), more.begin(), more.end());
  return out;
}

ProxyOptions over_http_2(ProxyOptions options = {}) {
  options.http_2 = true;
  return options;
}

TEST(Http2, ForwardsRequests) {
  BackEnd back_end(echo());
  Proxy proxy({back_end.port}, over_http_2());
  Http2Client client(proxy.connect());
  const auto& reply = client.wait(client.ask(get("/a?b", {{"x-mine", "1"}, {"cookie", "a=1"}, {"cookie", "b=2"}})));
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.error, 0U);
  EXPECT_THAT(reply.body, HasSubstr("GET /a?b HTTP/1.1\r\nHost: web\r\n"));
  EXPECT_THAT(reply.body, HasSubstr("x-mine: 1\r\n"));
  EXPECT_THAT(reply.body, HasSubstr("Cookie: a=1; b=2\r\n"));
  EXPECT_TRUE(reply.fields.contains("x-request-id"));
  EXPECT_FALSE(reply.fields.contains("connection"));
  EXPECT_FALSE(reply.fields.contains("transfer-encoding"));
}

TEST(Http2, ForwardsBodies) {
  BackEnd back_end(echo());
  Proxy proxy({back_end.port}, over_http_2());
  Http2Client client(proxy.connect());
  for (const std::size_t size : {1U, 1000U, 20000U, 300000U, 3000000U}) {
    const std::string body(size, 'x');
    for (const bool with_length : {true, false}) {
      const auto& reply = client.wait(
          client.ask(with_length ? post({{"content-length", std::to_string(size)}}) : post(), std::string(body)));
      EXPECT_EQ(reply.status, 200);
      EXPECT_TRUE(reply.body.ends_with("\r\n\r\n" + body)) << size;
    }
  }
}

// What the back end does not take stays with the client.
TEST(Http2, HoldsABodyBack) {
  std::atomic<bool> go_on = false;
  BackEnd back_end([&](Wire& wire, int) {
    (void)wire.head();
    while (!go_on) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    (void)wire.exactly(4 * 1024 * 1024);
    wire.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  });
  Proxy proxy({back_end.port}, over_http_2());
  Http2Client client(proxy.connect());
  const auto id = client.ask(post({{"content-length", "4194304"}}), std::string(4 * 1024 * 1024, 'x'));
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  go_on = true;
  EXPECT_EQ(client.wait(id).status, 200);
}

TEST(Http2, PassesInterimResponsesAndTrailers) {
  BackEnd back_end([](Wire& wire, int) {
    (void)wire.head();
    wire.send(
        "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: "
        "chunked\r\n"
        "Trailer: X-Sum\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 7\r\nSet-Cookie: a=b\r\n\r\n");
  });
  Proxy proxy({back_end.port}, over_http_2());
  Http2Client client(proxy.connect());
  const auto& reply = client.wait(client.ask(get("/", {{"te", "trailers"}})));
  EXPECT_EQ(reply.interim, std::vector<int>{103});
  EXPECT_EQ(reply.body, "hello");
  EXPECT_EQ(reply.trailers.at("x-sum"), "7");
  EXPECT_FALSE(reply.trailers.contains("set-cookie"));
}

// As gRPC's streams in both directions.
TEST(Http2, StreamsBothWaysAtOnce) {
  BackEnd back_end([](Wire& wire, int) {
    (void)wire.head();
    wire.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 3; ++i) {
      const std::string size = wire.until("\r\n");
      const std::string chunk = wire.exactly(std::stoul(size, nullptr, 16) + 2);
      wire.send(size + chunk);
    }
    wire.send("0\r\ngrpc-status: 0\r\n\r\n");
  });
  Proxy proxy({back_end.port}, over_http_2());
  Http2Client client(proxy.connect());
  const auto id = client.ask(post(), "", Ends::no);
  EXPECT_TRUE(client.until(id, [](const auto& reply) { return reply.head_came; })) << "before any of the body is there";
  std::string expected;
  for (const std::string part : {"one", "two", "three"}) {
    client.write(id, part);
    expected += part;
    EXPECT_TRUE(client.until(id, [&](const auto& reply) { return reply.body == expected; }));
  }
  EXPECT_EQ(client.wait(id).trailers.at("grpc-status"), "0");
}

TEST(Http2, SendsServerSentEventsAsTheyCome) {
  std::atomic<bool> go_on = false;
  BackEnd back_end([&](Wire& wire, int) {
    (void)wire.head();
    wire.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n");
    while (!go_on) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    wire.send("data: 2\n\n");
  });
  Proxy proxy({back_end.port}, over_http_2());
  Http2Client client(proxy.connect());
  const auto id = client.ask(get());
  EXPECT_TRUE(client.until(id, [](const auto& reply) { return reply.body == "data: 1\n\n"; }));
  go_on = true;
  EXPECT_EQ(client.wait(id).body, "data: 1\n\ndata: 2\n\n");
}

TEST(Http2, AsksForABodyThatWaits) {
  BackEnd back_end(echo());
  Proxy proxy({back_end.port}, over_http_2());
  Http2Client client(proxy.connect());
  const auto id = client.ask(post({{"expect", "100-continue"}, {"content-length", "2"}}), "", Ends::no);
  EXPECT_TRUE(client.until(id, [](const auto& reply) { return !reply.interim.empty(); }));
  client.write(id, "hi", Ends::yes);
  EXPECT_TRUE(client.wait(id).body.ends_with("hi"));
}

TEST(Http2, OpensWebSockets) {
  BackEnd back_end([](Wire& wire, int) {
    const std::string head = wire.head();
    EXPECT_THAT(head, HasSubstr("GET /chat HTTP/1.1\r\n"));
    EXPECT_THAT(head, HasSubstr("Upgrade: websocket\r\n"));
    wire.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello");
    EXPECT_EQ(wire.exactly(4), "ping");
    wire.send("pong");
    EXPECT_TRUE(wire.ended());
    wire.send("bye");
  });
  Proxy proxy({back_end.port}, over_http_2());
  Http2Client client(proxy.connect());
  while (client.reply(0).status == 0 && client.read_frame() && client.goaways.empty())
    if (client.read_frame()) break;  // the server's settings allow it
  const auto id = client.ask({{":method", "CONNECT"},
                              {":protocol", "websocket"},
                              {":scheme", "http"},
                              {":authority", "web"},
                              {":path", "/chat"},
                              {"sec-websocket-version", "13"}},
                             "", Ends::no);
  EXPECT_TRUE(client.until(id, [](const auto& reply) { return reply.body == "hello"; }));
  EXPECT_EQ(client.reply(id).status, 200);
  EXPECT_FALSE(client.reply(id).fields.contains("upgrade"));
  client.write(id, "ping");
  EXPECT_TRUE(client.until(id, [](const auto& reply) { return reply.body == "hellopong"; }));
  client.write(id, "", Ends::yes);
  EXPECT_EQ(client.wait(id).body, "hellopongbye");
}

// A client that leaves ends its request to the back end, at once.
TEST(Http2, EndsTheBackEndsRequestOfAResetStream) {
  std::atomic<bool> asked = false, ended = false;
  BackEnd back_end([&](Wire& wire, int) {
    (void)wire.head();
    asked = true;
    ended = wire.ended();
  });
  Proxy proxy({back_end.port}, over_http_2());
  Http2Client client(proxy.connect());
  const auto id = client.ask(get());
  while (!asked) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  client.reset(id);
  const auto start = std::chrono::steady_clock::now();
  while (!ended && std::chrono::steady_clock::now() - start < std::chrono::seconds(4))
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_TRUE(ended);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(2));
}

TEST(Http2, ResetsAStreamWhoseResponseIsCutOff) {
  BackEnd back_end([](Wire& wire, int number) {
    (void)wire.head();
    wire.send(number == 0 ? "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"
                          : "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  });
  Proxy proxy({back_end.port}, over_http_2());
  Http2Client client(proxy.connect());
  const auto& cut = client.wait(client.ask(get()));
  EXPECT_EQ(cut.error, static_cast<std::uint32_t>(NGHTTP2_INTERNAL_ERROR));
  EXPECT_EQ(client.wait(client.ask(get())).body, "ok") << "the connection goes on";
}

TEST(Http2, AnswersBeforeTheBodyIsThere) {
  BackEnd back_end(echo());
  Proxy proxy({back_end.port}, over_http_2({.sign_in = true}));
  Http2Client client(proxy.connect());
  const auto& reply = client.wait(client.ask(post({{"content-length", "5000000"}}), std::string(5'000'000, 'x')));
  EXPECT_EQ(reply.status, 401);
  EXPECT_EQ(reply.body, "sign in");
  EXPECT_EQ(client.wait(client.ask(get("/", {{"authorization", "Test alice"}}))).status, 200);
}

TEST(Http2, RefusesWhatHttp1WouldRefuse) {
  BackEnd back_end(echo());
  Proxy proxy({back_end.port}, over_http_2());
  Http2Client client(proxy.connect());
  EXPECT_EQ(client.wait(client.ask(get("/a/../b"))).status, 400);
  EXPECT_EQ(client.wait(client.ask(get("/", {{"content_length", "3"}}))).status, 400);
  EXPECT_EQ(client.wait(client.ask(get("/", {{"authorization", "a"}, {"authorization", "b"}}))).status, 400);
  EXPECT_EQ(back_end.connections, 0);
}

// The head of the request is the back end's business; identity is each request's own.
TEST(Http2, KeepsTwoUsersOfOneConnectionApart) {
  BackEnd back_end(echo());
  Proxy proxy({back_end.port}, over_http_2({.delegation = Delegation::none, .sign_in = true}));
  Http2Client client(proxy.connect());
  for (int round = 0; round < 200; ++round) {
    struct Asked {
      std::int32_t id;
      std::string mark;
      int status;
    };
    std::vector<Asked> asked;
    for (const std::string user : {"alice", "bob", ""}) {
      const std::string mark = user + "-" + std::to_string(round);
      FieldList fields = post({{"x-mark", mark}});
      if (!user.empty()) fields.emplace_back("authorization", "Test " + user);
      const bool in_parts = round % 2 == 0;
      const auto id = client.ask(fields, mark, in_parts ? Ends::no : Ends::yes);
      asked.push_back({id, mark, user.empty() ? 401 : 200});
    }
    if (round % 2 == 0)
      for (const Asked& one : asked)
        if (!client.reply(one.id).closed) client.write(one.id, "+" + one.mark, Ends::yes);
    for (const Asked& one : asked) {
      const auto& reply = client.wait(one.id);
      ASSERT_EQ(reply.status, one.status);
      if (one.status != 200) {
        EXPECT_EQ(reply.body, "sign in");
        continue;
      }
      EXPECT_THAT(reply.body, HasSubstr("x-mark: " + one.mark + "\r\n"));
      for (const Asked& other : asked)
        if (other.id != one.id) {
          EXPECT_THAT(reply.body, Not(HasSubstr("x-mark: " + other.mark + "\r\n")));
        }
    }
  }
}

TEST(Http2, SaysGoodbyeWhenItDrains) {
  std::atomic<bool> asked = false, go_on = false;
  BackEnd back_end([&](Wire& wire, int) {
    (void)wire.head();
    asked = true;
    while (!go_on) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    wire.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  });
  Proxy proxy({back_end.port}, over_http_2());
  Http2Client client(proxy.connect());
  const auto id = client.ask(get());
  while (!asked) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  proxy.on_core([&] { proxy.core->drain(); });
  while (client.goaways.size() < 2 && client.read_frame()) {
  }
  ASSERT_EQ(client.goaways.size(), 2U);
  EXPECT_EQ(client.goaways[0].payload.substr(0, 4), be32(0x7fffffff));
  EXPECT_EQ(client.goaways[1].payload.substr(0, 4), be32(1));
  go_on = true;
  EXPECT_EQ(client.wait(id).body, "ok");
  EXPECT_FALSE(client.read_frame());
  EXPECT_TRUE(client.wire().ended());
}

TEST(Http2, EndsAnIdleConnectionInOrder) {
  BackEnd back_end(echo());
  Limits limits;
  limits.idle_timeout = std::chrono::seconds(1);
  Proxy proxy({back_end.port}, over_http_2({.limits = limits}));
  Http2Client client(proxy.connect());
  EXPECT_EQ(client.wait(client.ask(get())).status, 200);
  while (client.goaways.empty() && client.read_frame()) {
  }
  ASSERT_EQ(client.goaways.size(), 1U);
  EXPECT_EQ(client.goaways[0].error(), static_cast<std::uint32_t>(NGHTTP2_NO_ERROR));
}

TEST(Http2, EndsAHeadThatDoesNotCome) {
  BackEnd back_end(echo());
  Limits limits;
  limits.header_timeout = std::chrono::seconds(1);
  Proxy proxy({back_end.port}, over_http_2({.limits = limits}));
  Wire wire = proxy.connect();
  wire.send(begin() + frame(kHeaders, 0, 1, block(get())));
  (void)wire.rest();
  EXPECT_TRUE(wire.ended());
}

// It reads nothing, and gives no window.
TEST(Http2, ResetsAStreamWhoseClientDoesNotTakeIt) {
  BackEnd back_end([](Wire& wire, int) {
    (void)wire.head();
    wire.send("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + std::string(100000, 'x'));
    (void)wire.ended();
  });
  Limits limits;
  limits.body_idle_timeout = std::chrono::seconds(1);
  Proxy proxy({back_end.port}, over_http_2({.limits = limits}));
  Wire wire = proxy.connect();
  wire.send(begin() + frame(kSettings, 0, 0, std::string("\0\4", 2) + be32(0)) +
            frame(kHeaders, kEndHeaders | kEndStream, 1, block(get())));
  std::string octets;
  bool was_reset = false;
  while (!was_reset) {
    const std::string head = wire.exactly(9);
    if (head.size() < 9) break;
    const std::size_t size =
        static_cast<std::size_t>(static_cast<unsigned char>(head[1])) << 8 | static_cast<unsigned char>(head[2]);
    const Frame one = read_frames(head + wire.exactly(size)).at(0);
    was_reset = one.type == kRstStream && one.stream == 1;
  }
  EXPECT_TRUE(was_reset);
}

// --- HTTP/1: a client that leaves ---------------------------------------------------------------------------------------

TEST(Http1Client, EndsTheBackEndsRequestWhenItLeaves) {
  std::atomic<bool> asked = false, ended = false;
  BackEnd back_end([&](Wire& wire, int) {
    (void)wire.head();
    asked = true;
    ended = wire.ended();
  });
  Proxy proxy({back_end.port});
  {
    Wire client = proxy.connect();
    client.send("GET / HTTP/1.1\r\nHost: web\r\n\r\n");
    while (!asked) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  const auto start = std::chrono::steady_clock::now();
  while (!ended && std::chrono::steady_clock::now() - start < std::chrono::seconds(4))
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_TRUE(ended);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(2));
}

}  // namespace
}  // namespace stead::proxy::test
