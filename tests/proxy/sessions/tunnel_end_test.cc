// What a session opened ends with it; and what the proxy believes of a TLS terminator in front of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/proxy/proxy_fixture.h"

namespace stead::proxy::test {
namespace {

using testing::HasSubstr;

// Switches protocols, and repeats what it gets.
BackEnd::Script switching() {
  return [](Wire& wire, int) {
    if (!wire.head().ends_with("\r\n\r\n")) return;
    wire.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    while (true) {
      const std::string got = wire.exactly(4);
      if (got.size() < 4 || !wire.send(got)) return;
    }
  };
}
constexpr const char* kHandshake =
    "GET / HTTP/1.1\r\nHost: web\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nAuthorization: Test alice\r\n\r\n";

TEST(Tunnel, EndsWithItsSession) {
  BackEnd back_end(switching());
  Proxy proxy({back_end.port}, {.sign_in = true});
  Wire client = proxy.connect();
  client.send(kHandshake);
  EXPECT_THAT(client.head(), HasSubstr(" 101 "));
  client.send("ping");
  EXPECT_EQ(client.exactly(4), "ping");
  proxy.sign_in->over = true;
  EXPECT_TRUE(client.ended());
}

// Certificates, keys and revocation lists were read again.
TEST(Tunnel, OfACertificateEndsWhenCertificatesAreJudgedAnew) {
  for (const SignInMethod method : {SignInMethod::certificate, SignInMethod::forms}) {
    BackEnd back_end(switching());
    Proxy proxy({back_end.port}, {.sign_in = true});
    proxy.sign_in->method = method;
    Wire client = proxy.connect();
    client.send(kHandshake);
    EXPECT_THAT(client.head(), HasSubstr(" 101 "));
    client.send("ping");
    EXPECT_EQ(client.exactly(4), "ping");
    proxy.on_core([&] { proxy.core->replace_server_tls(nullptr); });
    EXPECT_EQ(client.silent(400), method == SignInMethod::forms);
  }
}

TEST(Tunnel, OfAPublicRouteHasNoSession) {
  BackEnd back_end(switching());
  Proxy proxy({back_end.port});
  proxy.sign_in->over = true;
  Wire client = proxy.connect();
  client.send(kHandshake);
  EXPECT_THAT(client.head(), HasSubstr(" 101 "));
  client.send("ping");
  EXPECT_EQ(client.exactly(4), "ping");
  EXPECT_TRUE(client.silent(400));
}

constexpr const char* kForwarded = "GET / HTTP/1.1\r\nHost: web\r\nX-Forwarded-Proto: https\r\n";

TEST(TlsTerminator, IsBelievedIfItIsNamed) {
  BackEnd back_end(echo());
  Proxy trusting({back_end.port}, {.trusted_proxies = {"127.0.0.0/8"}});
  Wire client = trusting.connect();
  EXPECT_THAT(ask(client, std::string(kForwarded) + "\r\n").body, HasSubstr("X-Forwarded-Proto: https\r\n"));
  EXPECT_THAT(ask(client, "GET / HTTP/1.1\r\nHost: web\r\n\r\n").body, HasSubstr("X-Forwarded-Proto: http\r\n"));
  EXPECT_THAT(ask(client, std::string(kForwarded) + "X-Forwarded-Proto: http\r\n\r\n").body,
              HasSubstr("X-Forwarded-Proto: http\r\n"))
      << "two of them: one came from the client";
  Proxy other({back_end.port}, {.trusted_proxies = {"10.0.0.0/8"}});
  Wire stranger = other.connect();
  EXPECT_THAT(ask(stranger, std::string(kForwarded) + "\r\n").body, HasSubstr("X-Forwarded-Proto: http\r\n"));
}

TEST(TlsTerminator, SaysWhoTheClientIs) {
  BackEnd back_end(echo());
  Proxy proxy({back_end.port}, {.sign_in = true, .trusted_proxies = {"127.0.0.1", "10.0.0.0/8"}});
  proxy.sign_in->show_addresses = true;
  Wire client = proxy.connect();
  const auto address = [&](const std::string& fields) {
    const std::string body = ask(client, "GET /.stead/x HTTP/1.1\r\nHost: web\r\n" + fields + "\r\n").body;
    return body.substr(body.rfind(' ') + 1);
  };
  EXPECT_EQ(address(""), "127.0.0.1");
  EXPECT_EQ(address("X-Forwarded-For: 192.0.2.7\r\n"), "192.0.2.7");
  EXPECT_EQ(address("X-Forwarded-For: 198.51.100.1, 192.0.2.7 , 10.1.1.1\r\n"), "192.0.2.7")
      << "the first was sent by the client";
  EXPECT_EQ(address("X-Forwarded-For: 198.51.100.1\r\nX-Forwarded-For: 2001:db8::1\r\n"), "2001:db8::1");
  EXPECT_EQ(address("X-Forwarded-For: 198.51.100.1, unknown, 10.1.1.1\r\n"), "10.1.1.1");
  EXPECT_EQ(address("X-Forwarded-For: 10.1.1.2, 10.1.1.1\r\n"), "10.1.1.2");
}

}  // namespace
}  // namespace stead::proxy::test
