#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

#include "kdc/directory/certificate_mapping.h"
#include "kdc/directory/distinguished_name.h"
#include "tests/kdc/support/scripted_client.h"
#include "tests/proxy/certificates.h"

namespace stead::kdc::test {
namespace {

using proxy::test::make_certificate;
using proxy::test::sid_extension;
using proxy::test::sid_sections;
using proxy::test::upn_name;

// olav has RID 1105, ruth 1106, and in the child domain erik 1103.
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
rid = 1104
password = "secret"
spns = ["HTTP/web.north.example"]
flags = ["trusted_to_auth_for_delegation"]
[[domain.account]]
name = "olav"
rid = 1105
password = "secret"
%s
[[domain.account]]
name = "ruth"
rid = 1106
password = "secret"
%s
[[domain]]
realm = "CHILD.NORTH.EXAMPLE"
netbios = "CHILD"
sid = "S-1-5-21-1-2-4"
forest = "north.example"
[[domain.account]]
name = "erik"
rid = 1103
password = "secret"
[[domain]]
realm = "SOUTH.EXAMPLE"
netbios = "SOUTH"
sid = "S-1-5-21-1-2-5"
[[domain.account]]
name = "sven"
rid = 1103
password = "secret"
)";
constexpr const char* kDc = "n22.north.example";
constexpr const char *kMapped = "certificates = [\"X509:<S>CN=user\"]",
                     *kStronglyMapped = "certificates = [\"X509:<I>CN=user<SR>01\"]";
constexpr const char *kOlav = "S-1-5-21-1-2-3-1105", *kRuth = "S-1-5-21-1-2-3-1106", *kNobody = "S-1-5-21-1-2-3-1999";

// A certificate with the subject CN=user, serial number 1, a UPN and a SID, both as wanted.
Buffer certificate(const char* upn, const char* sid) {
  proxy::test::CertificateText text;
  if (*upn) text.extensions.push_back(upn_name(upn));
  if (*sid) text.extensions.push_back(sid_extension()), text.sections = sid_sections(sid);
  return make_certificate(text);
}

// What S4U2Self says of it, and of a name beside it.
std::string holder_named(const PrincipalName& name, const char* olav, const char* ruth,
                         const char* upn = "ruth@north.example", const char* sid = "") {
  char text[4096];
  std::snprintf(text, sizeof text, kForest, olav, ruth);
  TestForest forest(text);
  TgsAsk ask{.sname = principal("HTTP/web.north.example")};
  ask.user = Principal{name, "NORTH.EXAMPLE"};
  ask.certificate = certificate(upn, sid);
  const Got got = forest.tgs(kDc, forest.sign_in(kDc, "web$"), ask);
  return got.ok() ? to_string(got.reply.cname) : got.text();
}
std::string holder(const char* olav, const char* ruth, const char* upn = "ruth@north.example", const char* sid = "") {
  return holder_named({}, olav, ruth, upn, sid);
}

// What the AS exchange says, by which a client learns the user's realm: nobody's key is known to it, so it stops at
// preauthentication.
std::string realm_of(const char* upn, const char* sid) {
  char text[4096];
  std::snprintf(text, sizeof text, kForest, "", "");
  TestForest forest(text);
  AsAsk ask{.name = {NameType::x500, {}}, .password = ""};
  ask.padata = {{PaType::s4u_x509_user, certificate(upn, sid)}};
  const Got got = forest.as(kDc, ask);
  return krb_error_name(std::int32_t(got.code())) +
         (got.error && !got.error->crealm.empty() ? " " + got.error->crealm : "");
}

constexpr const char* kMismatch = "KDC_ERR_CERTIFICATE_MISMATCH";

// A name that is written in one way and in another.
constexpr struct {
  const char *one, *other;
} kSameNames[] = {
    {"CN=a,ST=Bavaria,C=DE", "CN=a, S=Bavaria, C=DE"},
    {"emailAddress=a@b.example,CN=a", "E=a@b.example,CN=A"},
    {"O=Fabrikam\\, Inc.,CN=x", "O=\"Fabrikam, Inc.\", CN=x"},
    {"O=The \\\"Ltd\\\",CN=x", "O=\"The \"\"Ltd\"\"\",CN=x"},
    {"serialNumber=5,CN=x", "SERIALNUMBER=5;cn=X"},
    {"GN=Ann,SN=Lee,title=Dr,street=Way 1", "G=Ann, SN=Lee, T=Dr, STREET=Way 1"},
    {"2.5.4.97=#0c024142,CN=x", "OID.2.5.4.97=AB, CN=x"},
    {"OU=a+CN=b", "OU=a + CN=b"},
    {"CN=\\C3\\BCmit", "CN=\u00fcmit"},
};
TEST(DistinguishedName, IsTheSameAsWindowsWritesIt) {
  for (const auto& [one, other] : kSameNames) {
    ASSERT_TRUE(canonical_name(std::string_view(one))) << one;
    EXPECT_EQ(canonical_name(std::string_view(one)), canonical_name(std::string_view(other)))
        << one << " and " << other;
  }
  EXPECT_EQ(canonical_mapping("X509:<I>S=B,CN=ca<SR>0A"), canonical_mapping("x509:<i>st=b, cn=CA<sr>0a"));
  EXPECT_EQ(canonical_mapping("X509:<I>O=\"<S>, Inc\",CN=ca<S>E=a@b"),
            canonical_mapping("X509:<I>O=<\\S>\\, Inc,CN=ca<S>emailaddress=a@b"));
}
TEST(DistinguishedName, IsNotAnotherOne) {
  for (const auto& [one, other] :
       {std::pair("CN=a,O=b", "O=b,CN=a"), std::pair("CN=a,O=b", "CN=a+O=b"), std::pair("CN=a\\,O=b", "CN=a,O=b"),
        std::pair("SN=a", "S=a"), std::pair("CN=a", "CN=a,O=")})
    EXPECT_NE(canonical_name(std::string_view(one)), canonical_name(std::string_view(other)))
        << one << " and " << other;
  for (const char* wrong : {"", "CN", "CN=\"a", "CN=\"a\"b", "NOSUCH=a", "CN=a,", "CN=#zz", "CN=a\\"})
    EXPECT_FALSE(canonical_name(std::string_view(wrong))) << wrong;
}

TEST(CertificateLookup, TheMappedAccountGoesBeforeTheUpn) {
  EXPECT_EQ(holder(kStronglyMapped, ""), "olav");
  EXPECT_EQ(holder("", kStronglyMapped, "olav@north.example"), "ruth");
}

// KB5014754 at its last stage: another person's certificate may have the same names.
TEST(CertificateLookup, ANameAloneBindsACertificateToNobody) {
  EXPECT_EQ(holder("", ""), kMismatch) << "the UPN";
  EXPECT_EQ(holder(kMapped, ""), kMismatch) << "a weak mapping";
  EXPECT_EQ(holder("certificates = [\"X509:<I>CN=user<S>CN=user\"]", ""), kMismatch);
  EXPECT_EQ(holder("", "", "gone@north.example").substr(0, 27), "KDC_ERR_C_PRINCIPAL_UNKNOWN");
  EXPECT_EQ(realm_of("ruth@north.example", ""), kMismatch);
  EXPECT_EQ(realm_of("erik@child.north.example", ""), kMismatch) << "another domain's";
}

TEST(CertificateLookup, OfSeveralAccountsIsSaidToBe) {
  EXPECT_NE(holder(kMapped, kMapped).find("KDC_ERR_PRINCIPAL_NOT_UNIQUE"), std::string::npos)
      << holder(kMapped, kMapped);
}

TEST(CertificateLookup, TheSidInItFindsTheAccount) {
  EXPECT_EQ(holder("", "", "", kOlav), "olav");
  EXPECT_EQ(holder("", "", "ruth@north.example", kRuth), "ruth");
  EXPECT_EQ(holder("", "", "gone@north.example", kOlav), "olav") << "renamed since";
  EXPECT_EQ(holder("", "", "", kNobody).substr(0, 27), "KDC_ERR_C_PRINCIPAL_UNKNOWN");
}

TEST(CertificateLookup, TheSidMustBeThatOfTheAccountFoundOtherwise) {
  EXPECT_EQ(holder("", "", "ruth@north.example", kOlav), kMismatch);
  EXPECT_EQ(holder("", "", "ruth@north.example", kNobody), kMismatch);
  EXPECT_EQ(holder(kMapped, "", "", kRuth), kMismatch);
  EXPECT_EQ(holder(kMapped, "", "", kOlav), "olav");
}

TEST(CertificateLookup, AStrongMappingGoesBeforeTheSid) {
  EXPECT_EQ(holder(kStronglyMapped, "", "ruth@north.example", kRuth), "olav");
  for (const char* strong : {"X509:<I>CN=a<SR>01", "x509:<ski>00ff", "X509:<SHA1-PUKEY>00ff"})
    EXPECT_TRUE(is_strong_mapping(strong)) << strong;
  for (const char* weak : {"X509:<I>CN=a<S>CN=b", "X509:<S>CN=b", "X509:<RFC822>b@a", "X509:<S>CN=<SKI>00",
                           "X509:<I>CN=a<S>CN=<SR>01", ""})
    EXPECT_FALSE(is_strong_mapping(weak)) << weak;
}

TEST(CertificateLookup, TheSidTellsTheRealmOfAnotherDomainOfTheForest) {
  EXPECT_EQ(realm_of("", "S-1-5-21-1-2-4-1103"), "KDC_ERR_WRONG_REALM CHILD.NORTH.EXAMPLE");
  EXPECT_EQ(realm_of("", kOlav), "KDC_ERR_PREAUTH_REQUIRED");
  EXPECT_EQ(realm_of("", "S-1-5-21-1-2-5-1103"), "KDC_ERR_C_PRINCIPAL_UNKNOWN") << "another forest's";
  EXPECT_EQ(realm_of("ruth@north.example", "S-1-5-21-1-2-4-1103"), kMismatch);
}

constexpr const char* kNotHis = "KDC_ERR_CLIENT_NAME_MISMATCH";
const PrincipalName kNamedOlav{NameType::principal, {"olav"}}, kNamedRuth = enterprise_name("Ruth@north.example");

// MS-SFU §2.2.2 calls the name beside a certificate a mapping hint.
TEST(CertificateLookup, ANameBesideItSaysWhichOfItsAccountsIsMeant) {
  EXPECT_EQ(holder_named(kNamedOlav, kStronglyMapped, kStronglyMapped, ""), "olav");
  EXPECT_EQ(holder_named(kNamedRuth, kStronglyMapped, kStronglyMapped, ""), "ruth");
  EXPECT_EQ(holder_named(kNamedRuth, kMapped, "", "", kRuth), "ruth") << "by the SID in it, though another is mapped";
  EXPECT_EQ(holder_named(kNamedOlav, "", "", "", kOlav), "olav") << "by the SID in it";
}

TEST(CertificateLookup, ANameWhoseCertificateItIsNotIsRefused) {
  EXPECT_EQ(holder_named(kNamedOlav, "", kMapped), kNotHis);
  EXPECT_EQ(holder_named(kNamedOlav, "", ""), kNotHis) << "the UPN in it is another's";
  EXPECT_EQ(holder_named(kNamedRuth, "", ""), kNotHis) << "only the UPN in it is theirs";
  EXPECT_EQ(holder_named(kNamedOlav, kMapped, "", ""), kNotHis) << "a weak mapping";
  EXPECT_EQ(holder_named(kNamedOlav, "", "", ""), kNotHis) << "it says nothing of anybody";
  EXPECT_EQ(holder_named(kNamedRuth, "", "", "ruth@north.example", kOlav), kNotHis);
  EXPECT_EQ(holder_named(kNamedOlav, kMapped, "", "", kRuth), kNotHis) << "a weak mapping, and the SID is another's";
  EXPECT_EQ(holder_named(kNamedOlav, kStronglyMapped, "", "", kRuth), "olav");
  EXPECT_EQ(holder_named({NameType::principal, {"web$"}}, kMapped, kMapped), kNotHis);
  EXPECT_EQ(holder_named({NameType::principal, {"gone"}}, kMapped, kMapped).substr(0, 27),
            "KDC_ERR_C_PRINCIPAL_UNKNOWN");
}

TEST(CertificateLookup, ACertificateThatNamesTwoIsNobodys) {
  EXPECT_EQ(holder("", "", "", "S-1-x").substr(0, 27), "KDC_ERR_C_PRINCIPAL_UNKNOWN");
}

}  // namespace
}  // namespace stead::kdc::test
