#include "proxy/doctor/facts/proxy_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>

namespace stead::doctor {
namespace {

class ProxyFileTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "stead-doctor-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  Checked<proxy::Config> read(std::string_view text) {
    std::ofstream(folder_ / "proxy.toml") << text;
    return read_proxy_file((folder_ / "proxy.toml").string());
  }
  std::filesystem::path folder_;
};

constexpr std::string_view kServer = "[server]\nlisten = [\"127.0.0.1:8443\"]\n";
constexpr std::string_view kIdentity = "[identity]\nprincipal = \"HTTP/a@B\"\nkeytab = \"k\"\n";
constexpr std::string_view kRoute = "[[route]]\ndelegation = \"none\"\nupstreams = [\"http://x\"]\n";

TEST_F(ProxyFileTest, HasWhatTheDoctorNeeds) {
  const auto config = read(R"([server]
listen = ["127.0.0.1:8443"]
certificate = "gate.crt"
key = "gate.key"
[identity]
principal = "HTTP/gate.mill.example@MILL.EXAMPLE"
keytab = "gate.keytab"
[sign_in.kerberos]
[sign_in.forms]
[session]
key_file = "keys/session.key"
[limits]
header_bytes = 32768
[[route]]
host = "Gate.Mill.Example:8443"
path = "/a/"
sign_in = ["forms", "kerberos"]
upstreams = ["https://[::1]:9443/base/", "http://bread.bakery.example"]
spn = "HTTP/bread.bakery.example"
upstream_ca = "ca.crt"
[[route]]
delegation = "none"
spn = "HTTP/unused.mill.example"
upstreams = ["http://127.0.0.1:81"]
)");
  ASSERT_TRUE(config) << to_string(config.error());
  EXPECT_EQ(config->client.keytab, (folder_ / "gate.keytab").string());
  EXPECT_EQ(config->session_key_file, (folder_ / "keys/session.key").string());
  EXPECT_EQ(config->tls.certificates.at(0).key, (folder_ / "gate.key").string());
  EXPECT_EQ(config->limits.header_bytes, 32768u);
  ASSERT_EQ(config->routes.size(), 2u);
  const proxy::Route& route = config->routes[0];
  EXPECT_EQ(route.host, "gate.mill.example");
  EXPECT_TRUE(route.allows(proxy::SignInMethod::kerberos));
  ASSERT_EQ(route.upstreams.size(), 2u);
  EXPECT_TRUE(route.upstreams[0].tls);
  EXPECT_EQ(bare_host(route.upstreams[0]), "::1");
  EXPECT_EQ(route.upstreams[0].port, 9443);
  EXPECT_EQ(route.upstreams[0].base_path, "/base");
  EXPECT_EQ(to_string(route.upstreams[0]), "https://[::1]:9443/base");
  EXPECT_EQ(route.upstreams[1].port, 80);
  EXPECT_EQ(to_string(route.upstreams[1]), "http://bread.bakery.example");
  EXPECT_EQ(route.upstream_ca, (folder_ / "ca.crt").string());
  EXPECT_EQ(delegated_spn(route), "HTTP/bread.bakery.example");
  EXPECT_TRUE(delegated_spn(config->routes[1]).empty());
  EXPECT_FALSE(config->routes[1].allows(proxy::SignInMethod::kerberos));
  EXPECT_THAT(published_spns(*config), testing::ElementsAre("HTTP/gate.mill.example"));
}

TEST_F(ProxyFileTest, PublishesThePrincipalWhereARouteTakesAnyHost) {
  const auto config = read(std::string(kServer) +
                           "[identity]\nprincipal = \"HTTP/gate.mill.example@MILL.EXAMPLE\"\nkeytab = \"k\"\n"
                           "[sign_in.kerberos]\n[[route]]\nsign_in = [\"kerberos\"]\n"
                           "upstreams = [\"http://x\"]\ndelegation = \"none\"\n");
  ASSERT_TRUE(config) << to_string(config.error());
  EXPECT_THAT(published_spns(*config), testing::ElementsAre("HTTP/gate.mill.example"));
}

TEST_F(ProxyFileTest, TakesTheKeytabFromKrb5ConfWhereNobodySignsIn) {
  const auto config = read(std::string(kServer) + "[identity]\nprincipal = \"HTTP/a@B\"\n" + std::string(kRoute));
  ASSERT_TRUE(config) << to_string(config.error());
  EXPECT_FALSE(config->client.keytab.empty());
}

TEST_F(ProxyFileTest, RefusesAtTheLineWhatItCannotUse) {
  const std::string head = std::string(kServer) + std::string(kIdentity);
  const std::string route(kRoute);
  for (const auto& [text, where] :
       {std::pair<std::string, std::string>{"x = [", ":1:"},
        {"[server]\n", ":1:1: "},
        {std::string(kServer) + route, "needs [identity]"},
        {std::string(kServer) + "[identity]\nkeytab = \"k\"\n" + route, "principal"},
        {std::string(kServer) + "[identity]\nkeytab = \"k\"\n[sign_in.kerberos]\n" + route, "needs principal"},
        {head + "[sign_in.forms]\nof_the_proxy = \"alone\"\n" + route, ":7:"},
        {head + "[[route]]\nupstreams = [\"ftp://x\"]\n", ":7:"},
        {head + "[[route]]\nupstreams = [\"http://x:0\"]\n", ":7:"},
        {head + "[[route]]\nspn = \"nonsense\"\n", ":7:"},
        {head + "[sign_in.forms]\n[[route]]\nsign_in = [\"forms\"]\nupstreams = [\"http://x\"]\nspn = \"HTTP/x@\"\n",
         "HTTP/x@"}}) {
    const auto config = read(text);
    ASSERT_FALSE(config) << text;
    const std::string message = to_string(config.error());
    EXPECT_THAT(message, testing::StartsWith((folder_ / "proxy.toml").string() + ":")) << text;
    EXPECT_THAT(message, testing::HasSubstr(where)) << text;
  }
}

}  // namespace
}  // namespace stead::doctor
