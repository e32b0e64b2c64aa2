#include "proxy/config/values/access_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "proxy/config/config.h"
#include "proxy/config/values/address_set.h"
#include "proxy/config/values/folded_name.h"

namespace stead::proxy {
namespace {

TEST(FoldedName, HasNoCaseInAnyAlphabet) {
  EXPECT_EQ(folded_name("Alice@ROOT.EXAMPLE"), "alice@root.example");
  EXPECT_EQ(folded_name("M\xc3\x9cLLER"), folded_name("m\xc3\xbcller"));
  EXPECT_EQ(folded_name("\xce\xa3\xce\x91\xce\xa3"), folded_name("\xcf\x83\xce\xb1\xcf\x82"))
      << "sigma, also a final one";
  EXPECT_EQ(folded_name("\xd0\x98\xd0\xb2\xd0\xb0\xd0\xbd"), folded_name("\xd0\xb8\xd0\x92\xd0\x90\xd0\x9d"));
  EXPECT_NE(folded_name("stra\xc3\x9f"
                        "e"),
            folded_name("strasse"));
  EXPECT_NE(folded_name("m\xc3\xbcller"), folded_name("muller"));
  EXPECT_EQ(folded_name("A\xff\xc3"), "a\xff\xc3") << "no UTF-8";
  EXPECT_NE(folded_name("\xe2\x84\xaaim"), folded_name("kim")) << "the Kelvin sign is no K";
}

TEST(AddressSet, HasAddressesAndNetworks) {
  AddressSet set;
  for (const char* text : {"127.0.0.1", "10.1.0.0/16", "fd00::/8"}) EXPECT_TRUE(set.add(text)) << text;
  for (const char* text : {"", "x", "10.0.0.0/33", "1.2.3", "fd00::/129", "10.0.0.1/"})
    EXPECT_FALSE(set.add(text)) << text;
  const auto has = [&](const char* text) { return set.has(boost::asio::ip::make_address(text)); };
  EXPECT_TRUE(has("127.0.0.1"));
  EXPECT_FALSE(has("127.0.0.2"));
  EXPECT_TRUE(has("10.1.255.1"));
  EXPECT_FALSE(has("10.2.0.1"));
  EXPECT_TRUE(has("::ffff:10.1.0.1"));
  EXPECT_TRUE(has("fdab::1"));
  EXPECT_FALSE(has("fe80::1"));
}

TEST(SidPattern, NamesOneGroupOrThatOfEachDomain) {
  const SidPattern any{.text = "S-1-5-21-*-512", .sid = Sid{5, {512}}, .any_domain = true};
  EXPECT_TRUE(any.matches(parse_sid("S-1-5-21-1-2-3-512").value()));
  EXPECT_FALSE(any.matches(parse_sid("S-1-5-21-1-2-3-513").value()));
  EXPECT_FALSE(any.matches(parse_sid("S-1-5-32-512").value()));
  EXPECT_FALSE(any.matches(parse_sid("S-1-5-21-1-2-512").value()));
  EXPECT_FALSE(any.matches(parse_sid("S-1-18-512").value()));
}

class AccessFile : public testing::Test {
 protected:
  AccessFile() {
    std::string name = (std::filesystem::temp_directory_path() / "access-XXXXXX").string();
    folder_ = mkdtemp(name.data());
  }
  ~AccessFile() override { std::filesystem::remove_all(folder_); }
  // `route`: lines of the route; `before`: tables before it.
  Checked<Config> read(const std::string& route, const std::string& before = "[sign_in.forms]\n",
                       const std::string& server = "") {
    std::ofstream(folder_ + "/proxy.toml")
        << "[server]\nlisten = [\"127.0.0.1:8080\"]\n"
        << server << "[identity]\nprincipal = \"HTTP/front.example@EXAMPLE\"\nkeytab = \"front.keytab\"\n"
        << before << "[[route]]\nupstreams = [\"http://127.0.0.1:9001\"]\ndelegation = \"none\"\n"
        << route;
    return read_config(folder_ + "/proxy.toml");
  }
  std::string why(const std::string& route, const std::string& before = "[sign_in.forms]\n",
                  const std::string& server = "") {
    const auto config = read(route, before, server);
    return config ? "it was read" : to_string(config.error()).substr(folder_.size());
  }
  std::string folder_;
};

TEST_F(AccessFile, NamesUsersRealmsAndGroups) {
  const auto config = read(
      "sign_in = [\"forms\"]\nallow = [\"Alice@Example\", \"*@OTHER\", \"s-1-5-21-1-2-3-513\"]\ndeny = "
      "[\"S-1-5-21-*-512\", \"S-1-5-21-1-2-3-513\"]\nallowed_origins = [\"https://Portal.example\"]\n",
      "[sign_in]\ndeny_delegation_of = [\"S-1-5-21-*-512\"]\n[sign_in.forms]\n");
  ASSERT_TRUE(config) << to_string(config.error());
  const Route& route = config->routes.front();
  EXPECT_EQ(route.allow.users, std::vector<std::string>{"alice@example"});
  EXPECT_EQ(route.allow.realms, std::vector<std::string>{"other"});
  ASSERT_EQ(config->groups.patterns.size(), 2u) << "each once";
  EXPECT_EQ(route.deny.groups.size(), 2u);
  EXPECT_EQ(config->deny_delegation_of.groups, std::vector<std::uint8_t>{0});
  EXPECT_EQ(route.allowed_origins, std::vector<std::string>{"https://portal.example"});
  const auto admin = config->groups.matching({parse_sid("S-1-5-21-9-9-9-512").value()});
  EXPECT_TRUE(config->deny_delegation_of.has({.principal = "root@EXAMPLE", .groups = admin}));
  EXPECT_TRUE(route.deny.has({.principal = "root@EXAMPLE", .groups = admin}));
  EXPECT_FALSE(route.deny.has({.principal = "alice@EXAMPLE", .groups = {}}));
  EXPECT_TRUE(route.allow.has({.principal = "ALICE@EXAMPLE", .groups = {}}));
  EXPECT_TRUE(route.allow.has({.principal = "bob@Other", .groups = {}}));
  EXPECT_FALSE(route.allow.has({.principal = "bob@NOTHER", .groups = {}}));
  EXPECT_NE(config->groups.digest(), GroupPatterns().digest());
}

TEST_F(AccessFile, RefusesWhatMeansNothing) {
  using testing::HasSubstr;
  EXPECT_THAT(why("sign_in = [\"forms\"]\nallow = [\"alice\"]\n"), HasSubstr("/proxy.toml:11:10: allow: \"alice\""));
  EXPECT_THAT(why("sign_in = [\"forms\"]\ndeny = [\"S-1-x\"]\n"), HasSubstr(":11:9: deny"));
  EXPECT_THAT(why("sign_in = [\"forms\"]\ndeny = [\"a*@EXAMPLE\"]\n"), HasSubstr("USER@REALM"));
  EXPECT_THAT(why("sign_in = [\"forms\"]\ndeny = [\"ROOT\\\\alice\"]\n"), HasSubstr("USER@REALM"));
  EXPECT_THAT(why("sign_in = [\"forms\"]\nallow = []\n"), HasSubstr("nobody"));
  EXPECT_THAT(why("allow = [\"alice@EXAMPLE\"]\n"), HasSubstr("public route"));
  EXPECT_THAT(why("allowed_origins = [\"https://a.example\"]\n"), HasSubstr("public route"));
  for (const char* origin : {"a.example", "https://", "https://a.example/", "https://*.example", "ftp://a", "null"})
    EXPECT_THAT(why("sign_in = [\"forms\"]\nallowed_origins = [\"" + std::string(origin) + "\"]\n"),
                HasSubstr("is not an origin"));
  EXPECT_THAT(why("", "[sign_in.forms]\n", "trusted_proxies = [\"10.0.0.0/40\"]\n"),
              HasSubstr(":3:20: trusted_proxies"));
  EXPECT_THAT(why("", "[sign_in.kerberos]\naliases = [\"a b\"]\n"), HasSubstr("is not a host name"));
}

TEST_F(AccessFile, SaysHowCertificatesAreJudged) {
  using testing::HasSubstr;
  const std::string tls = "certificate = \"a\"\nkey = \"b\"\n";
  const auto with = [&](const std::string& lines) {
    return why("", "[sign_in.certificate]\nca = \"ca.crt\"\n" + lines, tls);
  };
  EXPECT_THAT(with(""), HasSubstr("revocation = \"none\""));
  EXPECT_THAT(with("crl = []\n"), HasSubstr("needs crl"));
  EXPECT_THAT(with("revocation = \"crl\"\n"), HasSubstr("needs crl"));
  EXPECT_THAT(with("revocation = \"ocsp\"\n"), HasSubstr("OCSP is not supported"));
  EXPECT_THAT(with("revocation = \"none\"\ncrl = \"a.crl\"\n"), HasSubstr("write one of them"));
  EXPECT_THAT(with("revocation = \"none\"\n"), HasSubstr("it was read"));
  EXPECT_THAT(with("crl = \"a.crl\"\n"), HasSubstr("it was read"));
  const std::string none = "revocation = \"none\"\n";
  EXPECT_THAT(with(none + "mapping = \"weak\"\n"), HasSubstr("\"strong\" or \"upn\""));
  EXPECT_THAT(with(none + "mapping = \"upn\"\n"), HasSubstr("needs upn_realms"));
  EXPECT_THAT(with(none + "upn_realms = [\"EXAMPLE\"]\n"), HasSubstr("with mapping = \"upn\" only"));
  EXPECT_THAT(with(none + "mapping = \"upn\"\nupn_realms = [\"*\"]\n"), HasSubstr("is not a realm"));
  EXPECT_THAT(with(none + "mapping = \"upn\"\nupn_realms = [\"example\"]\n"), HasSubstr("it was read"));
}

}  // namespace
}  // namespace stead::proxy
