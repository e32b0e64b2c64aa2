#include "proxy/tls/ocsp_staple.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ocsp.h>

#include <chrono>
#include <fstream>
#include <string>

#include "proxy/tls/own_certificate.h"
#include "tests/proxy/tls/tls_fixture.h"

namespace stead::proxy::test {
namespace {

using testing::HasSubstr;

using TimePtr = std::unique_ptr<ASN1_TIME, FreeWith<ASN1_TIME_free>>;

struct About {
  int status = V_OCSP_CERTSTATUS_GOOD;
  long made = -60, next = 3600;  // seconds from now
};

// The certificates are self-signed, so each is its own issuer.
class OcspStapleTest : public testing::Test {
 protected:
  Checked<OcspStaple> read(const About& about, const CertificateFiles& certificate, const CertificateFiles& signer) {
    std::vector<std::string> warnings;
    const auto subject = OwnCertificate::load(certificate, warnings).value(),
               by = OwnCertificate::load(signer, warnings).value();
    OCSP_BASICRESP* const basic = OCSP_BASICRESP_new();
    OCSP_CERTID* const id = OCSP_cert_to_id(EVP_sha1(), subject->leaf.get(), subject->leaf.get());
    const TimePtr made(X509_gmtime_adj(nullptr, about.made)), next(X509_gmtime_adj(nullptr, about.next)),
        revoked(X509_gmtime_adj(nullptr, -60));
    OCSP_basic_add1_status(basic, id, about.status, 0,
                           about.status == V_OCSP_CERTSTATUS_REVOKED ? revoked.get() : nullptr, made.get(), next.get());
    OCSP_CERTID_free(id);
    OCSP_basic_sign(basic, by->leaf.get(), by->key.get(), EVP_sha256(), nullptr, 0);
    OCSP_RESPONSE* const response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
    unsigned char* der = nullptr;
    const int size = i2d_OCSP_RESPONSE(response, &der);
    std::ofstream(files_.path("response")) << std::string(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
    OPENSSL_free(der);
    OCSP_RESPONSE_free(response);
    OCSP_BASICRESP_free(basic);
    CertificateFiles with = certificate;
    with.ocsp = files_.path("response");
    return read_ocsp_staple(with, subject->leaf.get(), subject->chain.get());
  }
  std::string why(const About& about) {
    const auto staple = read(about, a_, a_);
    return staple ? "it was read" : to_string(staple.error());
  }
  TlsFiles files_;
  CertificateFiles a_ = files_.make({.stem = "a", .names = {"a.test"}}),
                   b_ = files_.make({.stem = "b", .names = {"b.test"}});
};

TEST_F(OcspStapleTest, IsGoodUntilItsNextUpdate) {
  const auto staple = read({}, a_, a_);
  ASSERT_TRUE(staple) << to_string(staple.error());
  const auto now = std::chrono::system_clock::now();
  EXPECT_TRUE(staple->is_good_at(now));
  EXPECT_TRUE(staple->is_good_at(now + std::chrono::minutes(59)));
  EXPECT_FALSE(staple->is_good_at(now + std::chrono::minutes(61)));
}

TEST_F(OcspStapleTest, IsRefusedWithTheReason) {
  EXPECT_THAT(why({.made = -7200, .next = -3600}),
              HasSubstr("proxy.toml:2:1: the OCSP response " + files_.path("response") + " was good until"));
  EXPECT_THAT(why({.made = 3600, .next = 7200}), HasSubstr("is not good before"));
  EXPECT_THAT(why({.status = V_OCSP_CERTSTATUS_REVOKED}), HasSubstr("was revoked"));
  EXPECT_THAT(why({.status = V_OCSP_CERTSTATUS_UNKNOWN}), HasSubstr("does not know the certificate"));
  EXPECT_THAT(to_string(read({}, a_, b_).error()), HasSubstr("is not signed by the certificate's issuer"));
}

TEST_F(OcspStapleTest, IsSentToAClientThatAsks) {
  ASSERT_TRUE(read({}, a_, a_));
  CertificateFiles with = a_;
  with.ocsp = files_.path("response");
  Served served({with, b_});
  for (const auto& [name, stapled] : {std::pair("a.test", true), {"b.test", false}}) {
    const auto connection = connect(served.listener(), {.name = name, .asks_status = true});
    ASSERT_TRUE(connection->good);
    const unsigned char* response = nullptr;
    EXPECT_EQ(SSL_get_tlsext_status_ocsp_resp(connection->client.get(), &response) > 0, stapled) << name;
  }
}

}  // namespace
}  // namespace stead::proxy::test
