#include "stead/client_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sspi_shim/krb5/conf/krb5_conf_fault.h"
#include "sspi_shim/krb5/conf/krb5_realms.h"
#include "sspi_shim/locate/realm_proxy.h"

namespace stead {
namespace {

class ClientConfigTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "stead-config-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    file_ = folder_ / "stead.toml";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::optional<ClientOptions> read(std::string_view text, OtherTables others = OtherTables::refused) {
    std::ofstream(file_) << text;
    return read_client_config(file_.string(), others, message_);
  }

  std::filesystem::path folder_, file_;
  std::string message_;
};

TEST_F(ClientConfigTest, ReadsLocatorAndIdentity) {
  const auto options = read(R"([identity]
principal = "HTTP/frontend.root.fabrikam.com@ROOT.FABRIKAM.COM"
keytab    = "keys/frontend.keytab"
allow_rc4 = true
pa_for_user = true

[locator]
nameservers = ["127.0.0.1:5353", "[::1]:53", "::1"]
site = "Hub"
[locator.realm."root.fabrikam.com"]
controllers = [{ name = "dc08.root.fabrikam.com", address = "127.0.8.1", kerberos_port = 8088, ldap_port = 8389 },
               { address = "::1" }]
)");
  ASSERT_TRUE(options) << message_;
  EXPECT_EQ(options->principal, "HTTP/frontend.root.fabrikam.com@ROOT.FABRIKAM.COM");
  EXPECT_EQ(options->keytab, (folder_ / "keys/frontend.keytab").string());
  EXPECT_TRUE(options->allow_rc4);
  EXPECT_EQ(options->pa_for_user, PaForUserUse::always);
  EXPECT_THAT(options->locator.nameservers, testing::ElementsAre("127.0.0.1:5353", "[::1]:53", "::1"));
  EXPECT_EQ(options->locator.site, "Hub");
  const std::vector<ControllerAddress> wanted{{"dc08.root.fabrikam.com", "127.0.8.1", 8088, 8389},
                                              {"", "::1", 88, 389}};
  EXPECT_EQ(options->locator.realms.at("ROOT.FABRIKAM.COM"), wanted);
}

TEST_F(ClientConfigTest, ReadsHowUsersAreNamedAndHowLongTicketsAreUsed) {
  const auto use = [&](const std::string& value) {
    const auto options = read("[identity]\npa_for_user = " + value + "\n");
    return options ? std::optional(options->pa_for_user) : std::nullopt;
  };
  EXPECT_EQ(use("true"), PaForUserUse::always);
  EXPECT_EQ(use("false"), PaForUserUse::never);
  EXPECT_EQ(use("\"auto\""), PaForUserUse::automatic);
  EXPECT_EQ(read("")->pa_for_user, PaForUserUse::automatic);
  for (const char* wrong : {"\"yes\"", "1", "[]"}) {
    EXPECT_FALSE(use(wrong)) << wrong;
    EXPECT_NE(message_.find(":2:15: [identity] pa_for_user must be"), std::string::npos) << message_;
  }

  EXPECT_EQ(read("")->ticket_life, std::chrono::minutes(15));
  EXPECT_EQ(read("[tickets]\nlife = \"5m\"\n")->ticket_life, std::chrono::minutes(5));
  EXPECT_EQ(read("[tickets]\nlife = 90\n")->ticket_life, std::chrono::seconds(90));
  for (const char* wrong : {"0", "\"0m\"", "-1", "\"15\"", "\"25h\"", "true", "\"m\""}) {
    EXPECT_FALSE(read(std::string("[tickets]\nlife = ") + wrong + "\n")) << wrong;
    EXPECT_NE(message_.find(":2:8: "), std::string::npos) << message_;
  }
  EXPECT_FALSE(read("[tickets]\nlive = \"5m\"\n"));
}

TEST_F(ClientConfigTest, AnEmptyFileMeansTheDefaults) {
  const auto options = read("");
  ASSERT_TRUE(options) << message_;
  EXPECT_TRUE(options->locator.realms.empty());
  EXPECT_TRUE(options->keytab.empty());
}

TEST_F(ClientConfigTest, OtherTablesAreAllowedWhereTheCallerSaysSo) {
  EXPECT_FALSE(read("[server]\nlisten = []\n"));
  EXPECT_EQ(message_, file_.string() + ":1:2: unknown key \"server\"");
  EXPECT_TRUE(read("[server]\nlisten = []\n[[route]]\npath = \"/\"\n", OtherTables::allowed)) << message_;
  EXPECT_TRUE(read("[server]\nlisten = []\n[[route]]\npath = \"/\"\n", OtherTables::of_proxy)) << message_;
  EXPECT_FALSE(read("[server]\nlisten = []\n[locater]\n", OtherTables::of_proxy));
  EXPECT_EQ(message_, file_.string() + ":3:2: unknown key \"locater\"");
}

TEST_F(ClientConfigTest, AbsolutePathsAndTypesOfKeytabsStay) {
  EXPECT_EQ(read("[identity]\nkeytab = \"/etc/krb5.keytab\"\n")->keytab, "/etc/krb5.keytab");
  EXPECT_EQ(read("[identity]\nkeytab = \"MEMORY:x\"\n")->keytab, "MEMORY:x");
  EXPECT_EQ(read("[identity]\nkeytab = \"FILE:a.keytab\"\n")->keytab, "FILE:" + (folder_ / "a.keytab").string());
}

struct BadFile {
  const char* name;
  const char* text;
  const char* message;  // after the file's name
};
class ClientConfigRefuses : public ClientConfigTest, public testing::WithParamInterface<BadFile> {};
TEST_P(ClientConfigRefuses, WithLineAndColumn) {
  EXPECT_FALSE(read(GetParam().text));
  EXPECT_THAT(message_, testing::StartsWith(file_.string() + GetParam().message));
  EXPECT_EQ(message_.find('\n'), std::string::npos);
}
INSTANTIATE_TEST_SUITE_P(
    Files, ClientConfigRefuses,
    testing::Values(
        BadFile{"unknown_key", "[identity]\nprincipal = \"HTTP/x@R\"\nkeytabb = \"x\"\n",
                ":3:1: unknown key \"keytabb\" in [identity]"},
        BadFile{"unknown_in_locator", "[locator]\nnameserver = []\n", ":2:1: unknown key \"nameserver\" in [locator]"},
        BadFile{"unknown_in_controller", "[locator.realm.\"A\"]\ncontrollers = [{ address = \"::1\", port = 88 }]\n",
                ":2:35: unknown key \"port\""},
        BadFile{"wrong_type", "[identity]\nallow_rc4 = \"yes\"\n", ":2:13: [identity] allow_rc4 must be true or false"},
        BadFile{"port_range", "[locator.realm.\"A\"]\ncontrollers = [{ address = \"::1\", ldap_port = 70000 }]\n",
                ":2:47: "},
        BadFile{"no_address", "[locator.realm.\"A\"]\ncontrollers = [{ name = \"dc\" }]\n", ":2:16: "},
        BadFile{"host_as_address", "[locator.realm.\"A\"]\ncontrollers = [{ address = \"dc.a\" }]\n", ":2:28: "},
        BadFile{"no_controllers", "[locator.realm.\"A\"]\n", ":1:1: "},
        BadFile{"controllers_no_array", "[locator.realm.\"A\"]\ncontrollers = \"dc\"\n", ":2:15: "},
        BadFile{"bad_nameserver", "[locator]\nnameservers = [\"127.0.0.1:99999\"]\n", ":2:16: "},
        BadFile{"nameserver_by_name", "[locator]\nnameservers = [\"ns.example:53\"]\n", ":2:16: "},
        BadFile{"empty_principal", "[identity]\nprincipal = \"\"\n", ":2:13: "},
        BadFile{"locator_no_table", "locator = 3\n", ":1:11: "},
        BadFile{"relay_without_tls", "[locator]\nkdc_proxy = \"http://relay.a/KdcProxy\"\n", ":2:13: "},
        BadFile{"relay_by_bad_port", "[locator.realm.\"A\"]\nkdc_proxy = \"https://relay.a:0/\"\n", ":2:13: "},
        BadFile{"relay_and_controllers",
                "[locator.realm.\"A\"]\nkdc_proxy = \"https://relay.a/\"\ncontrollers = [{ address = \"::1\" }]\n",
                ":3:15: "},
        BadFile{"ca_without_relay", "[locator]\nca = \"ca.crt\"\n", ":2:6: "}, BadFile{"syntax", "[identity\n", ":1:"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST_F(ClientConfigTest, ReadsRelays) {
  const auto options = read(
      "[locator]\nkdc_proxy = \"https://relay.example/KdcProxy\"\nca = \"ca.crt\"\n"
      "[locator.realm.\"a\"]\nkdc_proxy = \"https://a.example:8443/Kdc\"\n"
      "[locator.realm.\"B\"]\ncontrollers = [{ address = \"::1\" }]\n");
  ASSERT_TRUE(options) << message_;
  EXPECT_EQ(options->locator.kdc_proxy, (KdcProxy{"https://relay.example/KdcProxy", (folder_ / "ca.crt").string()}));
  EXPECT_EQ(kdc_proxy_of(options->locator, "A")->url, "https://a.example:8443/Kdc");
  EXPECT_EQ(kdc_proxy_of(options->locator, "B"), nullptr);
  EXPECT_EQ(kdc_proxy_of(options->locator, "C")->url, "https://relay.example/KdcProxy");
}

TEST(KdcProxyUrls, AreReadAsWritten) {
  EXPECT_EQ(parse_kdc_proxy_url("https://relay.example/KdcProxy").value(),
            (KdcProxyUrl{"relay.example", "443", "/KdcProxy"}));
  EXPECT_EQ(parse_kdc_proxy_url("HTTPS://10.0.0.1:8443").value(), (KdcProxyUrl{"10.0.0.1", "8443", "/"}));
  EXPECT_EQ(parse_kdc_proxy_url("https://[::1]:8443/a?b").value(), (KdcProxyUrl{"::1", "8443", "/a?b"}));
  for (const char* url :
       {"", "https://", "http://relay/", "relay", "https:///a", "https://u@relay/", "https://relay:/",
        "https://relay:65536/", "https://relay:8a/", "https://[::1", "https://[::1]8/", "https://[relay]/",
        "https://a b/", "https://relay/#x", "https://relay/\r\nX: y", "https://::1/"}) {
    EXPECT_FALSE(parse_kdc_proxy_url(url)) << url;
  }
}

TEST_F(ClientConfigTest, AMissingFileIsNamed) {
  EXPECT_FALSE(read_client_config((folder_ / "none.toml").string(), OtherTables::refused, message_));
  EXPECT_EQ(message_, (folder_ / "none.toml").string() + ":1:1: cannot be opened: No such file or directory");
  EXPECT_FALSE(read_client_config(folder_.string(), OtherTables::refused, message_));
  EXPECT_THAT(message_, testing::StartsWith(folder_.string() + ":1:1: "));
}

TEST_F(ClientConfigTest, Krb5ConfGivesKeytabAndRealm) {
  std::ofstream(folder_ / "krb5.conf")
      << "[libdefaults]\ndefault_realm = HOME.TEST\ndefault_keytab_name = FILE:/nowhere/home.keytab\n";
  ::setenv("KRB5_CONFIG", (folder_ / "krb5.conf").c_str(), 1);
  ::unsetenv("KRB5_KTNAME");
  EXPECT_EQ(default_realm(), "HOME.TEST");
  ClientOptions options;
  options.principal = "HTTP/front.home.test";
  fill_from_krb5_conf(options);
  EXPECT_EQ(options.principal, "HTTP/front.home.test@HOME.TEST");
  EXPECT_EQ(options.keytab, "FILE:/nowhere/home.keytab");
  options.principal = "HTTP/front@OTHER";
  options.keytab = "mine.keytab";
  fill_from_krb5_conf(options);
  EXPECT_EQ(options.principal, "HTTP/front@OTHER");
  EXPECT_EQ(options.keytab, "mine.keytab");
}

TEST_F(ClientConfigTest, Krb5ConfSaysWhereKdcsAre) {
  std::ofstream(folder_ / "krb5.conf")
      << "[libdefaults]\ndns_lookup_kdc = false\nudp_preference_limit = 1\n"
         "[realms]\nHOME.TEST = {\n kdc = 127.0.0.1:1088\n kdc = tcp/127.0.0.2\n kdc = [::1]:89\n"
         " master_kdc = 127.0.0.3\n kdc = no.such.host.invalid\n kdc = 127.0.0.4:70000\n}\n"
         "relay.test = {\n kdc = https://relay.test/KdcProxy\n http_anchors = FILE:/etc/relay.pem\n}\n"
         "OURS.TEST = {\n kdc = 127.0.0.9\n}\nEMPTY.TEST = {\n}\n"
         "[domain_realm]\n.home.test = HOME.TEST\nwww.relay.test = RELAY.TEST\nplain.test = PLAIN.TEST\n";
  ::setenv("KRB5_CONFIG", (folder_ / "krb5.conf").c_str(), 1);
  ClientOptions options;
  options.locator.realms["OURS.TEST"] = {{"dc.ours.test", "127.0.1.1", 88, 389}};
  fill_from_krb5_conf(options);
  const LocatorOptions& locator = options.locator;
  EXPECT_THAT(
      locator.realms.at("HOME.TEST"),
      testing::ElementsAre(ControllerAddress{"", "127.0.0.1", 1088, 389}, ControllerAddress{"", "127.0.0.2", 88, 389},
                           ControllerAddress{"", "::1", 89, 389}, ControllerAddress{"", "127.0.0.3", 88, 389}));
  EXPECT_EQ(locator.realms.at("OURS.TEST").front().address, "127.0.1.1") << "the configuration goes first";
  EXPECT_FALSE(locator.realms.contains("EMPTY.TEST"));
  EXPECT_EQ(locator.kdc_proxies.at("RELAY.TEST"), (KdcProxy{"https://relay.test/KdcProxy", "/etc/relay.pem"}));
  EXPECT_FALSE(locator.ask_dns);
  EXPECT_EQ(locator.largest_datagram, 1U);
  const auto realm_of = [&](const char* host) {
    return realm_of_service({NameType::principal, {"HTTP", host}}, locator);
  };
  EXPECT_EQ(realm_of("front.Home.test"), "HOME.TEST");
  EXPECT_EQ(realm_of("www.relay.test"), "RELAY.TEST");
  EXPECT_EQ(realm_of("other.relay.test"), "");
  EXPECT_EQ(realm_of("a.b.plain.test"), "PLAIN.TEST") << "as libkrb5";
  ClientOptions named;
  named.locator.nameservers = {"127.0.0.1:53"};
  fill_from_krb5_conf(named);
  EXPECT_TRUE(named.locator.ask_dns) << "there are DNS servers to ask";
}

TEST_F(ClientConfigTest, AFaultOfKrb5ConfIsNamedWithItsLine) {
  const std::string conf = folder_ / "krb5.conf";
  ::setenv("KRB5_CONFIG", conf.c_str(), 1);
  const auto fault_in = [&](const std::string& text) {
    std::ofstream(folder_ / "krb5.conf") << text;
    const auto fault = find_krb5_conf_fault();
    return fault ? to_string(*fault) : std::string();
  };
  EXPECT_EQ(fault_in("[libdefaults]\ndefault_realm = HOME.TEST\n"), "");
  EXPECT_THAT(fault_in("[libdefaults]\ndefault_realm = HOME.TEST\nbroken line\nx = y\n"),
              testing::StartsWith(conf + ":3: "));
  EXPECT_THAT(fault_in("[realms]\n R = {\n kdc = a\n }\n }\n"), testing::StartsWith(conf + ":5: "));
  const std::string none = folder_ / "none.conf", other = folder_ / "other.conf";
  EXPECT_THAT(fault_in("[libdefaults]\nx = y\ninclude " + none + "\n"),
              testing::AllOf(testing::StartsWith(conf + ":3: "), testing::HasSubstr(none)));
  EXPECT_THAT(fault_in("includedir " + none + "\n"),
              testing::AllOf(testing::StartsWith(conf + ":1: "), testing::HasSubstr(none)));
  std::ofstream(folder_ / "other.conf") << "[realms]\n\nbroken\n";
  EXPECT_THAT(fault_in("[libdefaults]\ninclude " + other + "\n"), testing::StartsWith(other + ":3: "));
}

}  // namespace
}  // namespace stead
