#include "proxy/config/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace stead::proxy {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class ConfigFile : public testing::Test {
 protected:
  ConfigFile() {
    std::string name = (std::filesystem::temp_directory_path() / "config-XXXXXX").string();
    folder_ = mkdtemp(name.data());
  }
  ~ConfigFile() override { std::filesystem::remove_all(folder_); }

  Checked<Config> read(const std::string& text) {
    std::ofstream(path()) << text;
    return read_config(path());
  }
  [[nodiscard]] std::string path() const { return folder_ + "/proxy.toml"; }
  std::string folder_;
};

constexpr const char* kServer = "[server]\nlisten = [\"127.0.0.1:8080\"]\n";
constexpr const char* kIdentity = "[identity]\nprincipal = \"HTTP/front.example@EXAMPLE\"\nkeytab = \"front.keytab\"\n";
constexpr const char* kRoute =
    "[[route]]\npath = \"/a/\"\nupstreams = [\"http://127.0.0.1:9001\"]\ndelegation = \"none\"\n";

TEST_F(ConfigFile, IsReadWhole) {
  const auto config = read(
      std::string("[server]\nlisten = [\"0.0.0.0:8443\", \"[::1]:8444\"]\ncertificate = \"front.crt\"\nkey = "
                  "\"/keys/front.key\"\n"
                  "admin = \"127.0.0.1:9443\"\n") +
      kIdentity +
      "[sign_in.kerberos]\nchannel_bindings = \"require\"\n[sign_in.forms]\nrealm = "
      "\"OTHER\"\n[sign_in.certificate]\nca = \"ca.crt\"\nrevocation = \"none\"\n"
      "[session]\nkey_file = \"session.key\"\nlifetime = \"8h\"\nidle = \"30m\"\n[limits]\nheader_timeout = \"5s\"\n"
      "[[route]]\nhost = \"Front.Example\"\npath = \"/reports/\"\nsign_in = [\"kerberos\", \"forms\", "
      "\"certificate\"]\n"
      "upstreams = [\"http://127.0.0.1:9001\", \"https://back.example/base/\"]\nspn = "
      "\"HTTP/back.example\"\ndelegation = \"s4u\"\nmutual = \"required\"\n");
  ASSERT_TRUE(config) << to_string(config.error());
  EXPECT_EQ(config->listen.at(1).address, "[::1]");
  EXPECT_EQ(config->listen.at(1).port, 8444);
  EXPECT_EQ(config->tls.certificates.at(0).certificate, folder_ + "/front.crt");
  EXPECT_EQ(config->tls.certificates.at(0).key, "/keys/front.key");
  EXPECT_EQ(config->client.keytab, folder_ + "/front.keytab");
  EXPECT_EQ(config->session_key_file, folder_ + "/session.key");
  EXPECT_EQ(config->session_lifetime, std::chrono::hours(8));
  EXPECT_EQ(config->session_idle, std::chrono::minutes(30));
  EXPECT_EQ(config->limits.header_timeout, std::chrono::seconds(5));
  EXPECT_EQ(config->channel_bindings, BindingsPolicy::require);
  EXPECT_EQ(config->routes.at(0).mutual, MutualAuth::required);
  EXPECT_EQ(config->forms_realm, "OTHER");
  const Route& route = config->routes.at(0);
  EXPECT_EQ(route.host, "front.example");
  EXPECT_EQ(route.sign_in.size(), 3U);
  EXPECT_EQ(route.upstreams.at(0), (Upstream{false, "127.0.0.1", 9001, ""}));
  EXPECT_EQ(route.upstreams.at(1), (Upstream{true, "back.example", 443, "/base"}));
}

TEST_F(ConfigFile, NeedsLittle) {
  const auto config = read(std::string(kServer) + kRoute);
  ASSERT_TRUE(config) << to_string(config.error());
  EXPECT_FALSE(config->admin);
  EXPECT_TRUE(config->routes.at(0).host.empty());
  EXPECT_EQ(config->routes.at(0).delegation, Delegation::none);
}

TEST_F(ConfigFile, SaysWhatABackEndSees) {
  const auto config =
      read(std::string(kServer) +
           "[[route]]\nupstreams = [\"http://x\"]\ndelegation = \"none\"\nignore_case = true\n"
           "upstream_host = \"In.example:81\"\ndrop_headers = [\"X_My-User*\"]\npass_headers = [\"X-UPN\"]\n");
  ASSERT_TRUE(config) << to_string(config.error());
  const Route& route = config->routes.at(0);
  EXPECT_TRUE(route.ignore_case);
  EXPECT_EQ(route.upstream_host, UpstreamHost::text);
  EXPECT_EQ(route.upstream_host_text, "In.example:81");
  EXPECT_EQ(route.drop_headers, std::vector<std::string>{"x-my-user*"});
  EXPECT_EQ(route.pass_headers, std::vector<std::string>{"x-upn"});
}

TEST_F(ConfigFile, ThatIsNotThereIsNamed) {
  const auto config = read_config("/nonexistent/proxy.toml");
  ASSERT_FALSE(config);
  EXPECT_THAT(to_string(config.error()), StartsWith("/nonexistent/proxy.toml:1:1: "));
}

struct Fault {
  const char* name;
  std::string text, place, says;  // place: "LINE:COLUMN"
};
class ConfigFaults : public ConfigFile, public testing::WithParamInterface<Fault> {};
TEST_P(ConfigFaults, AreReportedAtTheirPlace) {
  const auto config = read(GetParam().text);
  ASSERT_FALSE(config);
  EXPECT_THAT(to_string(config.error()), StartsWith(path() + ":" + GetParam().place + ": "));
  EXPECT_THAT(to_string(config.error()), HasSubstr(GetParam().says));
}
std::string server(const std::string& lines) {
  return "[server]\n" + lines + kRoute;
}
std::string route(const std::string& lines) {
  return std::string(kServer) + "[[route]]\n" + lines;
}
std::string sign_in(const std::string& lines) {
  return std::string(kServer) + kIdentity + lines + kRoute;
}
INSTANTIATE_TEST_SUITE_P(
    Table, ConfigFaults,
    testing::Values(
        Fault{"syntax", "[server\n", "1:8", ""},
        Fault{"unknown_table", std::string(kServer) + kRoute + "[servers]\n", "7:2", "servers"},
        Fault{"unknown_key", server("listen = [\"127.0.0.1:1\"]\nlissen = 1\n"), "3:1", "lissen"},
        Fault{"no_server", kRoute, "1:1", "[server]"}, Fault{"no_route", kServer, "1:1", "[[route]]"},
        Fault{"no_listen", server(""), "1:1", "listen"},
        Fault{"listen_without_port", server("listen = [\"127.0.0.1\"]\n"), "2:11", "ADDRESS:PORT"},
        Fault{"listen_port_too_large", server("listen = [\"127.0.0.1:70000\"]\n"), "2:11", "ADDRESS:PORT"},
        Fault{"listen_not_an_array", server("listen = \"127.0.0.1:1\"\n"), "2:10", "array"},
        Fault{"plain_http_elsewhere", server("listen = [\"0.0.0.0:8080\"]\n"), "2:11", "loopback"},
        Fault{"certificate_without_key", server("listen = [\"127.0.0.1:1\"]\ncertificate = \"a\"\n"), "3:15",
              "go together"},
        Fault{"admin_elsewhere", server("listen = [\"127.0.0.1:1\"]\nadmin = \"0.0.0.0:2\"\n"), "3:9",
              "admin_anywhere"},
        Fault{"sign_in_without_identity", std::string(kServer) + "[sign_in.kerberos]\n" + kRoute, "1:1", "[identity]"},
        Fault{"unknown_sign_in", sign_in("[sign_in.magic]\n"), "6:10", "magic"},
        Fault{"bad_bindings", sign_in("[sign_in.kerberos]\nchannel_bindings = \"maybe\"\n"), "7:20", "require"},
        Fault{"certificate_without_tls", sign_in("[sign_in.certificate]\nca = \"ca.crt\"\n"), "7:6", "TLS"},
        Fault{"bad_duration", sign_in("[session]\nlifetime = \"8 hours\"\n"), "7:12", "lifetime"},
        Fault{"bad_limit", sign_in("[limits]\nheader_bytes = 1\n"), "7:16", "header_bytes"},
        Fault{"route_without_upstream", route("delegation = \"none\"\n"), "3:1", "upstreams"},
        Fault{"bad_upstream", route("upstreams = [\"ftp://x\"]\ndelegation = \"none\"\n"), "4:14", "ftp://x"},
        Fault{"upstream_with_user", route("upstreams = [\"http://u@x\"]\ndelegation = \"none\"\n"), "4:14",
              "http://u@x"},
        Fault{"bad_path", route("path = \"a\"\nupstreams = [\"http://x\"]\ndelegation = \"none\"\n"), "4:8", "path"},
        Fault{"dotted_path", route("path = \"/a/../b/\"\nupstreams = [\"http://x\"]\ndelegation = \"none\"\n"), "4:8",
              "serves no request"},
        Fault{"encoded_backslash_path",
              route("path = \"/a%5cb/\"\nupstreams = [\"http://x\"]\ndelegation = \"none\"\n"), "4:8",
              "serves no request"},
        Fault{"encoded_slash_path", route("path = \"/a%2fb/\"\nupstreams = [\"http://x\"]\ndelegation = \"none\"\n"),
              "4:8", "ambiguous"},
        Fault{"parameter_path", route("path = \"/a;b/\"\nupstreams = [\"http://x\"]\ndelegation = \"none\"\n"), "4:8",
              "ambiguous"},
        Fault{"dot_at_the_end_path", route("path = \"/a./\"\nupstreams = [\"http://x\"]\ndelegation = \"none\"\n"),
              "4:8", "ambiguous"},
        Fault{"doubly_encoded_path", route("path = \"/%2561/\"\nupstreams = [\"http://x\"]\ndelegation = \"none\"\n"),
              "4:8", "ambiguous"},
        Fault{"never_passed",
              route("path = \"/a/\"\npass_headers = [\"X-Forwarded-For\"]\nupstreams = [\"http://x\"]\ndelegation = "
                    "\"none\"\n"),
              "5:16", "never passes"},
        Fault{"not_a_header",
              route("path = \"/a/\"\ndrop_headers = [\"a b\"]\nupstreams = [\"http://x\"]\ndelegation = \"none\"\n"),
              "5:17", "not a header"},
        Fault{"cookie_dropped",
              route("path = \"/a/\"\ndrop_headers = [\"Cookie\"]\nupstreams = [\"http://x\"]\ndelegation = \"none\"\n"),
              "5:17", "Cookie"},
        Fault{"bad_upstream_host",
              route("path = \"/a/\"\nupstream_host = \"a/b\"\nupstreams = [\"http://x\"]\ndelegation = \"none\"\n"),
              "5:17", "a host name"},
        Fault{"reserved_path", route("path = \"/.stead/x\"\nupstreams = [\"http://x\"]\ndelegation = \"none\"\n"),
              "4:8", "reserved"},
        Fault{"no_spn", route("upstreams = [\"http://x\"]\nsign_in = []\n"), "3:1", "spn"},
        Fault{"bad_spn", route("upstreams = [\"http://x\"]\nspn = \"backend\"\n"), "5:7", "SERVICE/HOST"},
        Fault{"bad_delegation", route("upstreams = [\"http://x\"]\ndelegation = \"all\"\n"), "5:14", "s4u"},
        Fault{"bad_mutual", route("upstreams = [\"http://x\"]\nspn = \"HTTP/x\"\nmutual = \"yes\"\n"), "6:10",
              "optional, required"},
        Fault{"mutual_without_tokens",
              route("upstreams = [\"http://x\"]\ndelegation = \"none\"\nmutual = \"required\"\n"), "6:10",
              "needs delegation"},
        Fault{"forwarded_tgt_by_form",
              sign_in("[sign_in.forms]\n[[route]]\npath = \"/t/\"\nupstreams = [\"http://x\"]\nspn = "
                      "\"HTTP/x\"\nsign_in = [\"forms\"]\n"
                      "delegation = \"forwarded-tgt\"\n"),
              "12:14", "forwarded-tgt"},
        Fault{"sign_in_without_table",
              route("upstreams = [\"http://x\"]\ndelegation = \"none\"\nsign_in = [\"forms\"]\n"), "6:12",
              "[sign_in.forms]"},
        Fault{"unknown_method", route("upstreams = [\"http://x\"]\ndelegation = \"none\"\nsign_in = [\"password\"]\n"),
              "6:12", "password"},
        Fault{"delegates_for_nobody", route("upstreams = [\"http://x\"]\nspn = \"HTTP/x\"\n"), "3:1", "nobody"},
        Fault{"one_route_as_a_table", std::string(kServer) + "[route]\nupstreams = [\"http://x\"]\n", "3:1",
              "[[route]]"},
        Fault{"route_twice", std::string(kServer) + kRoute + kRoute, "8:8", "above"}),
    [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace stead::proxy
