#include "sspi_shim/protocol/security/certificate_names.h"

#include <cstddef>
#include <string>

#include <gtest/gtest.h>

#include "tests/proxy/certificates.h"

namespace stead {
namespace {

namespace test = proxy::test;

constexpr const char* kSid = "S-1-5-21-1-2-3-1104";

struct Names {
  const char* name;
  test::CertificateText text;
  std::string upn;
  std::string sid;  // empty: none
  bool good = true;
};
class CertificateNamesOf : public testing::TestWithParam<Names> {};
TEST_P(CertificateNamesOf, TheHolderAreRead) {
  const Buffer der = test::make_certificate(GetParam().text);
  ASSERT_FALSE(der.empty());
  const auto names = names_in_certificate(der);
  ASSERT_EQ(names.has_value(), GetParam().good);
  if (!names) return;
  EXPECT_EQ(names->upn, GetParam().upn);
  EXPECT_EQ(names->sid ? to_string(*names->sid) : "", GetParam().sid);
}
constexpr const char* kUpn = "otherName:1.3.6.1.4.1.311.20.2.3;";
INSTANTIATE_TEST_SUITE_P(
    Certificates, CertificateNamesOf,
    testing::Values(
        Names{"nothing", {}, "", ""},
        Names{"upn", {{test::upn_name("alice@root.example")}, ""}, "alice@root.example", ""},
        Names{"upn_among_others",
              {{{"subjectAltName", std::string("DNS:a.example,") + kUpn + "UTF8:alice@x,email:b@x"}}, ""},
              "alice@x",
              ""},
        Names{"sid", {{test::sid_extension()}, test::sid_sections(kSid)}, "", kSid},
        Names{"both", {{test::upn_name("alice@x"), test::sid_extension()}, test::sid_sections(kSid)}, "alice@x", kSid},
        Names{
            "sid_as_uri",
            {{{"subjectAltName", "@san"}}, std::string("[san]\nURI = tag:microsoft.com,2022-09-14:sid:") + kSid + "\n"},
            "",
            kSid},
        Names{"two_upns",
              {{{"subjectAltName", std::string(kUpn) + "UTF8:alice@x," + kUpn + "UTF8:bob@x"}}, ""},
              "",
              "",
              false},
        Names{"upn_twice_the_same",
              {{{"subjectAltName", std::string(kUpn) + "UTF8:alice@x," + kUpn + "UTF8:alice@x"}}, ""},
              "alice@x",
              ""},
        Names{"upn_of_another_type", {{{"subjectAltName", std::string(kUpn) + "INT:5"}}, ""}, "", "", false},
        Names{"upn_with_a_domain_in_front",
              {{{"subjectAltName", std::string(kUpn) + "UTF8:ROOT\\\\alice"}}, ""},
              "",
              "",
              false},
        Names{"sid_that_is_none", {{test::sid_extension()}, test::sid_sections("S-1-x")}, "", "", false},
        Names{"sid_extension_of_other_content",
              {{{"1.3.6.1.4.1.311.25.2", "ASN1:UTF8:S-1-5-21-1-2-3-1104"}}, ""},
              "",
              "",
              false},
        Names{"sids_that_differ",
              {{{"subjectAltName", "@san"}, test::sid_extension()},
               test::sid_sections(kSid) + "[san]\nURI = tag:microsoft.com,2022-09-14:sid:S-1-5-21-1-2-3-500\n"},
              "",
              "",
              false}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(CertificateNames, OfBytesThatAreNoCertificateAreRefused) {
  const Buffer whole = test::make_certificate({{test::upn_name("alice@x")}, ""});
  for (std::size_t size = 0; size < whole.size(); ++size) EXPECT_FALSE(names_in_certificate(Bytes(whole).first(size)));
  Buffer longer = whole;
  longer.push_back(0);
  EXPECT_FALSE(names_in_certificate(longer));
}

}  // namespace
}  // namespace stead
