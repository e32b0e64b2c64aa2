#include "proxy/doctor/proxy_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace stead::doctor {
namespace {

class ProxyFileTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "stead-doctor-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::optional<ProxyFile> read(std::string_view text) {
    std::ofstream(folder_ / "proxy.toml") << text;
    return read_proxy_file((folder_ / "proxy.toml").string(), message_);
  }

  std::filesystem::path folder_;
  std::string message_;
};

TEST_F(ProxyFileTest, HasWhatTheDoctorNeedsAndLeavesTheRestToTheProxy) {
  const auto file = read(R"([server]
listen = ["127.0.0.1:8443"]
certificate = "gate.crt"
key = "gate.key"
[identity]
principal = "HTTP/gate.mill.example@MILL.EXAMPLE"
keytab = "gate.keytab"
[sign_in.forms]
of_the_proxy = "alone"
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
  ASSERT_TRUE(file) << message_;
  EXPECT_EQ(file->client.keytab, (folder_ / "gate.keytab").string());
  EXPECT_EQ(file->session_key, (folder_ / "keys/session.key").string());
  EXPECT_EQ(file->tls_key, (folder_ / "gate.key").string());
  EXPECT_EQ(file->header_bytes, 32768u);
  ASSERT_EQ(file->routes.size(), 2u);
  const ProxyRoute& route = file->routes[0];
  EXPECT_EQ(route.host, "gate.mill.example");
  EXPECT_TRUE(route.kerberos);
  ASSERT_EQ(route.back_ends.size(), 2u);
  EXPECT_TRUE(route.back_ends[0].tls);
  EXPECT_EQ(route.back_ends[0].host, "::1");
  EXPECT_EQ(route.back_ends[0].port, 9443);
  EXPECT_EQ(route.back_ends[0].base_path, "/base");
  EXPECT_EQ(route.back_ends[1].port, 80);
  EXPECT_EQ(route.ca, (folder_ / "ca.crt").string());
  EXPECT_TRUE(file->routes[1].spn.empty());
  EXPECT_FALSE(file->routes[1].kerberos);
  EXPECT_THAT(published_spns(*file), testing::ElementsAre("HTTP/gate.mill.example"));
}

TEST_F(ProxyFileTest, PublishesThePrincipalWhereARouteTakesAnyHost) {
  const auto file = read(
      "[identity]\nprincipal = \"HTTP/gate.mill.example@MILL.EXAMPLE\"\nkeytab = \"k\"\n[[route]]\nsign_in = "
      "[\"kerberos\"]\nupstreams = [\"http://x\"]\n");
  ASSERT_TRUE(file) << message_;
  EXPECT_THAT(published_spns(*file), testing::ElementsAre("HTTP/gate.mill.example"));
}

TEST_F(ProxyFileTest, RefusesAtTheLineWhatItCannotUse) {
  for (const auto& [text, where] :
       {std::pair{"x = [", ":1:"},
        {"[server]\n", ":1:1: "},
        {"[identity]\nkeytab = \"k\"\n", "needs principal"},
        {"[identity]\nprincipal = \"HTTP/a@B\"\nkeytab = \"k\"\n[[route]]\nupstreams = [\"ftp://x\"]\n", ":5:"},
        {"[identity]\nprincipal = \"HTTP/a@B\"\nkeytab = \"k\"\n[[route]]\nupstreams = [\"http://x:0\"]\n", ":5:"},
        {"[identity]\nprincipal = \"HTTP/a@B\"\nkeytab = \"k\"\n[[route]]\nspn = \"nonsense\"\n", ":5:"}}) {
    EXPECT_FALSE(read(text)) << text;
    EXPECT_THAT(message_, testing::StartsWith((folder_ / "proxy.toml").string() + ":")) << text;
    EXPECT_THAT(message_, testing::HasSubstr(where)) << text;
  }
}

}  // namespace
}  // namespace stead::doctor
