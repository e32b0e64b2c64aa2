#include <gtest/gtest.h>

#include "tests/kdc/support/scripted_client.h"
#include "tests/proxy/certificates.h"

namespace stead::kdc::test {
namespace {

constexpr const char* kForest = R"(
[[domain]]
realm = "NORTH.EXAMPLE"
netbios = "NORTH"
sid = "S-1-5-21-1-2-3"
forest = "north.example"
[[domain.controller]]
name = "n22.north.example"
address = "127.0.0.1"
kerberos_port = 9088
ldap_port = 9389
kpasswd_port = 9464
level = "2022"
[[domain.account]]
name = "web$"
password = "secret"
spns = ["HTTP/web.north.example"]
flags = ["trusted_to_auth_for_delegation"]
[[domain.account]]
name = "olav"
password = "secret"
%s
[[domain.account]]
name = "ruth"
password = "secret"
%s
)";
constexpr const char* kDc = "n22.north.example";
constexpr const char* kMapped = "certificates = [\"X509:<S>CN=user\"]";

// What S4U2Self says of a certificate with the subject CN=user and ruth's UPN.
std::string holder(const char* olav, const char* ruth) {
  char text[2048];
  std::snprintf(text, sizeof text, kForest, olav, ruth);
  TestForest forest(text);
  TgsAsk ask{.sname = principal("HTTP/web.north.example")};
  ask.user = Principal{{}, "NORTH.EXAMPLE"};
  ask.certificate = proxy::test::make_certificate({{proxy::test::upn_name("ruth@north.example")}, ""});
  const Got got = forest.tgs(kDc, forest.sign_in(kDc, "web$"), ask);
  return got.ok() ? to_string(got.reply.cname) : got.text();
}

TEST(CertificateLookup, TheMappedAccountGoesBeforeTheUpn) {
  EXPECT_EQ(holder(kMapped, ""), "olav");
  EXPECT_EQ(holder("", ""), "ruth");
}

TEST(CertificateLookup, OfSeveralAccountsIsSaidToBe) { EXPECT_NE(holder(kMapped, kMapped).find("KDC_ERR_PRINCIPAL_NOT_UNIQUE"), std::string::npos) << holder(kMapped, kMapped); }

}  // namespace
}  // namespace stead::kdc::test
