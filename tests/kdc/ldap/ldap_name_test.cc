#include "kdc/ldap/entries/ldap_name.h"

#include <gtest/gtest.h>

namespace stead::kdc {
namespace {

TEST(LdapName, ReadsEscapesAndBlanks) {
  const auto name = parse_ldap_name(R"(CN = a\,b\20 , OU=\C3\84pfel,DC=x)");
  ASSERT_TRUE(name);
  EXPECT_EQ(*name, (LdapName{{"cn", "a,b "}, {"ou", "Äpfel"}, {"dc", "x"}}));
  EXPECT_TRUE(parse_ldap_name("")->empty());
}

TEST(LdapName, RefusesWhatIsNoName) {
  for (const char* text : {"x", "=x", "CN=", "CN=a,", "CN=a,,DC=x", "CN=a+OU=b", "CN=a\\", "CN=\"a\"", "CN=a<b",
                           "C N=a", "CN=\\ff\\fe", "CN=a\\00dc=b"})
    EXPECT_FALSE(parse_ldap_name(text)) << text;
}

TEST(LdapName, ComparesWithoutRegardToCase) {
  const auto key = [](const char* text) { return name_key(*parse_ldap_name(text)); };
  EXPECT_EQ(key("CN=ÄB,DC=x"), key("cn=äb, dc=X"));
  EXPECT_NE(key("CN=a,DC=x"), key("CN=a,DC=y"));
  EXPECT_NE(key("CN=a,DC=x"), key("CN=a\\,dc=x"));
}

TEST(LdapName, WritesWhatItReads) {
  for (const char* value : {"a", " a ", "#a", "a,b+c\"d\\e<f>g;h=i", "a\nb", "Äpfel"}) {
    const auto again = parse_ldap_name("CN=" + escaped_value(value) + ",DC=x");
    ASSERT_TRUE(again) << value;
    EXPECT_EQ(again->front().value, value);
  }
}

TEST(LdapName, KnowsZones) {
  EXPECT_EQ(dn_of_zone("root.example.com"), "DC=root,DC=example,DC=com");
  EXPECT_EQ(zone_of(*parse_ldap_name("CN=a,DC=Root,DC=example")), "root.example");
  EXPECT_EQ(zone_of(*parse_ldap_name("CN=a,O=b")), "");
  EXPECT_EQ(canonical_path(*parse_ldap_name("CN=a/b,CN=Users,DC=x,DC=y")), "x.y/Users/a\\/b");
  EXPECT_EQ(canonical_path(*parse_ldap_name("DC=x,DC=y")), "x.y/");
}

}  // namespace
}  // namespace stead::kdc
