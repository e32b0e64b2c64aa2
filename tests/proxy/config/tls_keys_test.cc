#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "proxy/config/config.h"

namespace stead::proxy {
namespace {

using testing::HasSubstr;

class TlsKeys : public testing::Test {
 protected:
  TlsKeys() {
    std::string name = (std::filesystem::temp_directory_path() / "tls-keys-XXXXXX").string();
    folder_ = mkdtemp(name.data());
  }
  ~TlsKeys() override { std::filesystem::remove_all(folder_); }
  Checked<Config> read(const std::string& server, const std::string& more = {}) {
    std::ofstream(folder_ + "/proxy.toml")
        << "[server]\n"
        << server << "[[route]]\nupstreams = [\"https://127.0.0.1:9001\"]\ndelegation = \"none\"\n"
        << more;
    return read_config(folder_ + "/proxy.toml");
  }
  std::string why(const std::string& server, const std::string& more = {}) {
    const auto config = read(server, more);
    return config ? "it was read" : to_string(config.error());
  }
  std::string folder_;
};

constexpr const char* kListen = "listen = [\"127.0.0.1:8443\"]\n";
constexpr const char* kCertificate = "certificate = \"a.crt\"\nkey = \"a.key\"\n";

TEST_F(TlsKeys, AnAddressTakesWhatItDoesNotSayFromTheServer) {
  const auto config = read(
      "listen = [\"0.0.0.0:1\", { address = \"0.0.0.0:2\", tls = \"modern\" }, { address = \"0.0.0.0:3\", certificate "
      "= \"c.crt\", "
      "key = \"c.key\", ocsp = \"c.ocsp\" }]\n" +
      std::string(kCertificate) + "certificates = [{ certificate = \"b.crt\", key = \"/k/b.key\" }]\n");
  ASSERT_TRUE(config) << to_string(config.error());
  ASSERT_EQ(config->listen.size(), 3U);
  const TlsSettings &first = config->tls_at(config->listen[0]), &second = config->tls_at(config->listen[1]),
                    &third = config->tls_at(config->listen[2]);
  ASSERT_EQ(first.certificates.size(), 2U);
  EXPECT_EQ(first.certificates[0].certificate, folder_ + "/a.crt") << "the first is for clients without a name";
  EXPECT_EQ(first.certificates[1].key, "/k/b.key");
  EXPECT_EQ(first.certificates[0].where, folder_ + "/proxy.toml:3:15");
  EXPECT_EQ(first.policy, TlsPolicy::intermediate);
  EXPECT_EQ(second.certificates.size(), 2U);
  EXPECT_EQ(second.policy, TlsPolicy::modern);
  ASSERT_EQ(third.certificates.size(), 1U);
  EXPECT_EQ(third.certificates[0].ocsp, folder_ + "/c.ocsp");
}

TEST_F(TlsKeys, RefuseWhatMeansNothing) {
  const std::string tls = std::string(kListen) + kCertificate;
  EXPECT_THAT(why(std::string(kListen) + "certificate = \"a.crt\"\n"),
              HasSubstr(":3:15: [server] certificate and key go together"));
  EXPECT_THAT(why(std::string(kListen) + "ocsp = \"a.ocsp\"\n"), HasSubstr("ocsp has no meaning without certificate"));
  EXPECT_THAT(why(std::string(kListen) + "certificates = [{ key = \"a.key\" }]\n"),
              HasSubstr("certificate and key go together"));
  EXPECT_THAT(why(std::string(kListen) + "certificates = [{}]\n"), HasSubstr("needs certificate and key"));
  EXPECT_THAT(why(tls + "certificates = [{ certificate = \"a\", key = \"b\", name = \"c\" }]\n"),
              HasSubstr("unknown key \"name\""));
  EXPECT_THAT(why(tls + "tls = \"old\"\n"),
              HasSubstr(":5:7: [server] tls: \"old\" is neither modern nor intermediate"));
  for (const char* key :
       {"tls = \"modern\"\n", "ticket_key_file = \"t\"\n", "hsts = \"1d\"\n", "redirect = [\"0.0.0.0:80\"]\n"})
    EXPECT_THAT(why(std::string(kListen) + key), HasSubstr("no meaning without a certificate")) << key;
  EXPECT_THAT(why("listen = [{ address = \"127.0.0.1:1\", tls = \"modern\" }]\n"),
              HasSubstr("tls has no meaning without a certificate"));
  EXPECT_THAT(why("listen = [{ address = \"0.0.0.0:1\" }]\n"), HasSubstr("is not a loopback address"));
  EXPECT_THAT(why("listen = [{ tls = \"modern\" }]\n"), HasSubstr("address"));
  EXPECT_THAT(why("listen = [1]\n"), HasSubstr("listen must have strings, or tables"));
}

TEST_F(TlsKeys, OfRedirectionsAndHsts) {
  const std::string tls = std::string(kListen) + kCertificate;
  const auto config =
      read(tls + "redirect = [\"0.0.0.0:80\"]\nhsts = { max_age = \"365d\", subdomains = true, preload = true }\n");
  ASSERT_TRUE(config) << to_string(config.error());
  EXPECT_EQ(config->redirect_port, 8443);
  EXPECT_TRUE(config->redirects_at(config->redirect.at(0)));
  EXPECT_FALSE(config->speaks_https_at(config->redirect.at(0)));
  EXPECT_EQ(config->client_addresses().size(), 2U);
  EXPECT_EQ(config->hsts, "max-age=31536000; includeSubDomains; preload");
  EXPECT_EQ(read(tls + "hsts = \"30d\"\n")->hsts, "max-age=2592000");
  EXPECT_THAT(why(tls + "hsts = { max_age = \"365d\", preload = true }\n"), HasSubstr("subdomains = true"));
  EXPECT_THAT(why(tls + "hsts = { subdomains = true }\n"), HasSubstr("needs max_age"));
  EXPECT_THAT(why(tls + "hsts = \"soon\"\n"), HasSubstr(":5:8: "));
  EXPECT_THAT(why(tls + "redirect = [\"127.0.0.1:8443\"]\n"), HasSubstr("is in listen too"));
  EXPECT_THAT(why(tls + "redirect = [\"80\"]\n"), HasSubstr("is not ADDRESS:PORT"));
  EXPECT_THAT(why(tls + "redirect_port = 443\n"), HasSubstr("no meaning without redirect"));
}

TEST_F(TlsKeys, OfUpstreamsAndClients) {
  const std::string server(kListen);
  const auto config = read(server + "trusted_proxies = [\"10.0.0.1\"]\ntrusted_header = \"forwarded\"\n",
                           "upstream_server_name = \"app.internal\"\nupstream_certificate = \"own.crt\"\nupstream_key "
                           "= \"own.key\"\nforwarded = \"both\"\n"
                           "[limits]\nrequests_per_address = 10\n");
  ASSERT_TRUE(config) << to_string(config.error());
  const Route& route = config->routes.at(0);
  EXPECT_EQ(route.upstream_server_name, "app.internal");
  EXPECT_EQ(route.upstream_certificate.key, folder_ + "/own.key");
  EXPECT_EQ(route.forwarded, ForwardedForm::both);
  EXPECT_EQ(config->trusted_form, ForwardedForm::forwarded);
  EXPECT_EQ(config->limits.requests_burst, 20U);
  EXPECT_THAT(why(server + "trusted_header = \"x\"\n"), HasSubstr(":3:18: "));
  EXPECT_THAT(why(server, "forwarded = \"x\"\n"), HasSubstr("none of x-forwarded, forwarded, both, none"));
  EXPECT_THAT(why(server, "upstream_server_name = \"a:1\"\n"), HasSubstr("is not a host name without a port"));
  EXPECT_THAT(why(server, "upstream_key = \"a\"\n"), HasSubstr("go together"));
  EXPECT_THAT(why(server, "[limits]\nrequests_burst = 5\n"), HasSubstr("no meaning without requests_per_address"));
}

}  // namespace
}  // namespace stead::proxy
