// What a reload of the configuration leaves alone: requests, tunnels and connections.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <string>

#include "tests/proxy/proxy_fixture.h"

namespace stead::proxy::test {
namespace {

using testing::HasSubstr;

constexpr const char* kGet = "GET / HTTP/1.1\r\nHost: web\r\n\r\n";

BackEnd::Script answering(const std::string& text) {
  return [text](Wire& wire, int) {
    while (wire.head().ends_with("\r\n\r\n"))
      wire.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(text.size()) + "\r\n\r\n" + text);
  };
}

TEST(Reload, ARequestInFlightEndsWithTheConfigurationItBeganWith) {
  std::promise<void> asked, go_on;
  std::promise<bool> closed;
  BackEnd before([&](Wire& wire, int) {
    (void)wire.head();
    asked.set_value();
    go_on.get_future().wait();
    wire.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nold");
    closed.set_value(wire.ended());
  });
  BackEnd after(answering("new"));
  Proxy proxy({before.port});
  Wire busy = proxy.connect(), idle = proxy.connect();
  busy.send(kGet);
  asked.get_future().wait();
  proxy.on_core([&] { proxy.begin({after.port}, {}); });
  EXPECT_EQ(ask(idle, kGet).body, "new");
  go_on.set_value();
  EXPECT_EQ(read_answer(busy).body, "old");
  EXPECT_TRUE(closed.get_future().get()) << "a connection to a back end of the old configuration was kept";
  EXPECT_EQ(ask(busy, kGet).body, "new");
}

TEST(Reload, RequestsThatAreSentTogetherAreServedByTheConfigurationOfTheirTurn) {
  BackEnd before(answering("old")), after(answering("new"));
  Proxy proxy({before.port});
  Wire client = proxy.connect();
  EXPECT_EQ(ask(client, kGet).body, "old");
  proxy.on_core([&] { proxy.begin({after.port}, {}); });
  client.send(std::string(kGet) + kGet);
  EXPECT_EQ(read_answer(client).body, "new");
  EXPECT_EQ(read_answer(client).body, "new");
}

TEST(Reload, ATunnelGoesOnAndEndsWithItsSession) {
  BackEnd back_end([](Wire& wire, int) {
    if (!wire.head().ends_with("\r\n\r\n")) return;
    wire.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    for (std::string got = wire.exactly(4); got.size() == 4 && wire.send(got);) got = wire.exactly(4);
  });
  BackEnd other(answering("new"));
  Proxy proxy({back_end.port}, {.sign_in = true});
  Wire client = proxy.connect();
  client.send(
      "GET / HTTP/1.1\r\nHost: web\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nAuthorization: Test alice\r\n\r\n");
  EXPECT_THAT(client.head(), HasSubstr(" 101 "));
  for (int i = 0; i < 3; ++i) {
    proxy.on_core([&] { proxy.begin({other.port}, {.sign_in = true}); });
    client.send("ping");
    EXPECT_EQ(client.exactly(4), "ping");
  }
  proxy.sign_in->over = true;
  EXPECT_TRUE(client.ended());
}

TEST(Reload, NewLimitsHoldForTheNextRequest) {
  BackEnd back_end(answering("ok"));
  Proxy proxy({back_end.port});
  Wire client = proxy.connect();
  const std::string large = "GET / HTTP/1.1\r\nHost: web\r\nX-Large: " + std::string(4000, 'x') + "\r\n\r\n";
  EXPECT_EQ(ask(client, large).status(), 200);
  ProxyOptions small;
  small.limits.header_bytes = 1024;
  proxy.on_core([&] { proxy.begin({back_end.port}, small); });
  EXPECT_EQ(ask(client, large).status(), 431);
}

}  // namespace
}  // namespace stead::proxy::test
