#include "proxy/tls/server_tls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "sspi_shim/base/x509.h"
#include "tests/proxy/tls/tls_fixture.h"

namespace stead::proxy::test {
namespace {

using testing::HasSubstr;

class ServerTlsTest : public testing::Test {
 protected:
  TlsFiles files_;
  CertificateFiles a_ = files_.make({.stem = "a", .names = {"a.test"}});
  CertificateFiles b_ = files_.make({.stem = "b", .names = {"b.test", "*.b.test"}});
  std::string why_not(std::vector<CertificateFiles> certificates) {
    Served served(std::move(certificates));
    const auto opened = ServerTls::open(served.config, served.keys);
    return opened ? "it was opened" : to_string(opened.error());
  }
};

TEST_F(ServerTlsTest, TheNameInSniChoosesTheCertificate) {
  Served served({a_, b_});
  for (const auto& [name, shown] : {std::pair("a.test", "a"),
                                    {"b.test", "b"},
                                    {"B.Test", "b"},
                                    {"x.b.test", "b"},
                                    {"", "a"},
                                    {"x.y.b.test", "a"},
                                    {"unknown.test", "a"}})
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
      const auto connection = connect(served.listener(), {.name = name, .version = version});
      ASSERT_TRUE(connection->good);
      EXPECT_EQ(connection->shown, shown) << name;
      EXPECT_EQ(connection->handshake.bindings(),
                tls_server_end_point(SSL_get0_peer_certificate(connection->client.get())));
    }
}

TEST_F(ServerTlsTest, AConnectionIsForTheNamesOfTheCertificateThatItShowed) {
  Served served({a_, b_});
  const auto connection = connect(served.listener(), {.name = "x.b.test"});
  for (const char* host : {"x.b.test", "b.test", "y.b.test"}) EXPECT_TRUE(connection->handshake.covers(host)) << host;
  for (const char* host : {"a.test", "x.y.b.test", "127.0.0.1"})
    EXPECT_FALSE(connection->handshake.covers(host)) << host;
  EXPECT_TRUE(connect(served.listener(), {.name = "other.test"})->handshake.covers("other.test")) << "it was asked for";
}

TEST_F(ServerTlsTest, AClientGetsTheTypeOfKeyThatItKnows) {
  Served served({a_, files_.make({.stem = "rsa", .names = {"a.test"}, .key = "RSA"})});
  EXPECT_EQ(connect(served.listener(), {.name = "a.test", .signatures = "RSA-PSS+SHA256"})->shown, "rsa");
  EXPECT_EQ(connect(served.listener(), {.name = "a.test", .signatures = "ECDSA+SHA256"})->shown, "a");
  EXPECT_EQ(connect(served.listener(), {.signatures = "RSA-PSS+SHA256"})->shown, "rsa");
}

TEST_F(ServerTlsTest, ASessionIsResumedWithTheCertificateThatItBeganWith) {
  Served served({a_, b_, files_.make({.stem = "rsa", .names = {"a.test"}, .key = "RSA"})});
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    const auto first = connect(served.listener(), {.name = "a.test", .version = version, .signatures = "ECDSA+SHA256"});
    ASSERT_TRUE(first->session);
    const auto again =
        connect(served.listener(), {.name = "a.test", .version = version, .session = first->session.get()});
    ASSERT_TRUE(again->good && again->resumed());
    EXPECT_EQ(again->handshake.bindings(), first->handshake.bindings());
    EXPECT_TRUE(again->handshake.covers("a.test"));
    EXPECT_FALSE(again->handshake.covers("b.test"));
    const auto other =
        connect(served.listener(), {.name = "b.test", .version = version, .session = first->session.get()});
    EXPECT_TRUE(other->good && !other->resumed()) << "another certificate is shown there";
    EXPECT_EQ(other->shown, "b");
    if (version == TLS1_3_VERSION) {
      ASSERT_TRUE(again->session);
      EXPECT_TRUE(connect(served.listener(), {.name = "a.test", .session = again->session.get()})->resumed());
    }
  }
}

TEST_F(ServerTlsTest, ATicketIsNoneForACertificateThatWasReplaced) {
  Served served({a_});
  const auto first = connect(served.listener(), {.name = "a.test"});
  files_.make({.stem = "a", .names = {"a.test"}});
  served.tls = nullptr;
  EXPECT_FALSE(connect(served.listener(), {.name = "a.test", .session = first->session.get()})->resumed());
}

class ClientCertificateTest : public ServerTlsTest {
 protected:
  ClientCertificateTest() {
    served_.config.certificate_sign_in = true;
    served_.config.certificate_ca = user_.certificate;
    Route asks, other;
    asks.host = "asks.test";
    asks.upstreams = {{.tls = false, .host = "127.0.0.1", .port = 1, .base_path = {}}};
    asks.sign_in = {SignInMethod::certificate};
    other.host = "other.test";
    served_.config.routes = {asks, other};
  }
  CertificateFiles user_ = files_.make({.stem = "user", .names = {}});
  Served served_{{files_.make({.stem = "both", .names = {"asks.test", "other.test"}})}};
};

TEST_F(ClientCertificateTest, IsAskedForByHostsThatUseIt) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    const ClientWants with{.name = "asks.test", .version = version, .certificate = &user_};
    const auto asked = connect(served_.listener(), with);
    EXPECT_TRUE(asked->good && asked->handshake.asks_for_certificate);
    EXPECT_EQ(client_certificate_of(asked->server.get()).name.substr(0, 7), "CN=user");
    EXPECT_FALSE(client_certificate_of(asked->server.get()).der.empty());
    const auto other = connect(served_.listener(), {.name = "other.test", .version = version, .certificate = &user_});
    EXPECT_TRUE(other->good && !other->handshake.asks_for_certificate);
    EXPECT_EQ(client_certificate_of(other->server.get()).name, "");
    EXPECT_TRUE(connect(served_.listener(), {.version = version})->handshake.asks_for_certificate)
        << "any host may follow";
    EXPECT_FALSE(
        connect(served_.listener(), {.name = "x.asks.test", .version = version})->handshake.asks_for_certificate);
  }
}

TEST_F(ClientCertificateTest, NoSessionPassesTheQuestionBy) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    const auto asked = connect(served_.listener(), {.name = "asks.test", .version = version, .certificate = &user_});
    EXPECT_FALSE(asked->session) << "a ticket would keep the verdict on the certificate";
    const auto other = connect(served_.listener(), {.name = "other.test", .version = version});
    ASSERT_TRUE(other->session);
    const auto crossing =
        connect(served_.listener(),
                {.name = "asks.test", .version = version, .certificate = &user_, .session = other->session.get()});
    ASSERT_TRUE(crossing->good);
    EXPECT_FALSE(crossing->resumed());
    EXPECT_TRUE(crossing->handshake.asks_for_certificate);
    EXPECT_FALSE(client_certificate_of(crossing->server.get()).der.empty());
  }
}

TEST_F(ServerTlsTest, ModernIsTls13Alone) {
  Served served({a_}, TlsPolicy::modern);
  EXPECT_FALSE(connect(served.listener(), {.version = TLS1_2_VERSION})->good);
  EXPECT_TRUE(connect(served.listener(), {.version = TLS1_3_VERSION})->good);
}

TEST_F(ServerTlsTest, AnAddressMayHaveTlsOfItsOwn) {
  Served served({a_});
  const Endpoint other{.address = "127.0.0.1", .port = 444};
  served.config.listener_tls.push_back({.at = other, .settings = {.certificates = {b_}, .policy = TlsPolicy::modern}});
  EXPECT_EQ(connect(served.listener())->shown, "a");
  EXPECT_EQ(connect(*served.tls->at(other), {.name = "a.test"})->shown, "b");
  EXPECT_FALSE(connect(*served.tls->at(other), {.version = TLS1_2_VERSION})->good);
}

TEST_F(ServerTlsTest, WhatClientsWouldRefuseIsRefusedWithItsLine) {
  CertificateFiles mixed = a_;
  mixed.key = b_.key;
  EXPECT_THAT(why_not({b_, mixed}), HasSubstr("proxy.toml:2:1: the certificate's key"));
  EXPECT_THAT(why_not({mixed}), HasSubstr("does not belong to this certificate"));
  EXPECT_THAT(why_not({a_, files_.make({.stem = "old", .names = {"o.test"}, .ends_in = -60})}),
              HasSubstr("old.crt of CN=old ended"));
  CertificateFiles missing = a_;
  missing.certificate = files_.path("none.crt");
  EXPECT_THAT(why_not({missing}), HasSubstr("none.crt: cannot be read: No such file"));
  std::ofstream(files_.path("a.crt"), std::ios::app)
      << "-----BEGIN CERTIFICATE-----\nbm8=\n-----END CERTIFICATE-----\n";
  EXPECT_THAT(why_not({a_}), HasSubstr("the chain behind the certificate"));
}

TEST_F(ServerTlsTest, ACertificateThatNobodyBelievesIsToldOf) {
  Served served({files_.make({.stem = "nameless", .names = {}})});
  (void)served.listener();
  EXPECT_THAT(served.tls->warnings(), testing::ElementsAre(HasSubstr("no name in subjectAltName")));
}

}  // namespace
}  // namespace stead::proxy::test
