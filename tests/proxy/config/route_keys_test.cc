#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/asio/ip/address.hpp>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "proxy/config/config.h"

namespace stead::proxy {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

// A file with one [[route]], at line 6; its keys begin at line 7.
class RouteKeys : public testing::Test {
 protected:
  RouteKeys() {
    std::string name = (std::filesystem::temp_directory_path() / "routes-XXXXXX").string();
    folder_ = mkdtemp(name.data());
    std::ofstream(folder_ + "/sorry.html") << "<p>Sorry</p>";
    std::ofstream(folder_ + "/empty.html") << "";
  }
  ~RouteKeys() override { std::filesystem::remove_all(folder_); }
  Checked<Config> read(const std::string& keys) {
    std::ofstream(folder_ + "/proxy.toml")
        << "[server]\nlisten = [\"127.0.0.1:1\"]\n[identity]\nprincipal = \"HTTP/f@R\"\n"
           "[sign_in.forms]\n[[route]]\n"
        << keys;
    return read_config(folder_ + "/proxy.toml");
  }
  std::string folder_;
};

const std::string kPublic = "delegation = \"none\"\nupstreams = [\"http://a\"]\n";
const std::string kUsers = "spn = \"HTTP/a\"\nsign_in = [\"forms\"]\nupstreams = [\"http://a\"]\n";

TEST_F(RouteKeys, SayHowRequestsAreSpread) {
  const auto config = read(
      "delegation = \"none\"\nupstreams = [\"http://a\", { url = \"http://b:81/x\", weight = 3 }, { url = "
      "\"https://c\", "
      "backup = true }]\nbalance = \"least_connections\"\nslow_start = \"30s\"\n"
      "health = { path = \"/health?deep\", interval = \"9s\", timeout = \"3s\", status = [200, 503], rise = 1, fall = "
      "5, host "
      "= \"h\" }\n");
  ASSERT_TRUE(config) << to_string(config.error());
  const Route& route = config->routes.at(0);
  EXPECT_EQ(route.upstreams.at(0).weight, 1U);
  EXPECT_EQ(route.upstreams.at(1).weight, 3U);
  EXPECT_EQ(route.upstreams.at(1).base_path, "/x");
  EXPECT_TRUE(route.upstreams.at(2).backup);
  EXPECT_EQ(route.balance, Balance::least_connections);
  EXPECT_EQ(route.slow_start, std::chrono::seconds(30));
  EXPECT_EQ(route.health->path, "/health?deep");
  EXPECT_EQ(route.health->interval, std::chrono::seconds(9));
  EXPECT_TRUE(route.health->accepts(503));
  EXPECT_FALSE(route.health->accepts(204));
  EXPECT_EQ(route.health->fall, 5);
}

TEST_F(RouteKeys, MakeARouteOfEachPublicPath) {
  const auto config = read("path = \"/app/\"\npublic = [\"/app/static/\", \"/app/logo.png\"]\n" + kUsers);
  ASSERT_TRUE(config) << to_string(config.error());
  ASSERT_EQ(config->routes.size(), 3U);
  EXPECT_FALSE(config->routes[0].sign_in.empty());
  for (std::size_t i = 1; i < 3; ++i) {
    EXPECT_TRUE(config->routes[i].sign_in.empty());
    EXPECT_EQ(config->routes[i].delegation, Delegation::none);
    EXPECT_EQ(config->routes[i].upstreams, config->routes[0].upstreams);
  }
  EXPECT_EQ(config->routes[2].path, "/app/logo.png");
}

TEST_F(RouteKeys, CheckAPublicPathWithoutATicket) {
  const auto config = read(
      "path = \"/app/\"\npublic = [\"/app/static/\"]\nhealth = { path = \"/health\", kerberos = true }\n" + kUsers);
  ASSERT_TRUE(config) << to_string(config.error());
  EXPECT_TRUE(config->routes.at(0).health->kerberos);
  EXPECT_FALSE(config->routes.at(1).health) << "there is no spn for a ticket";
}

TEST_F(RouteKeys, NeedNoBackEndForAnAnswer) {
  const auto redirect = read("redirect = { to = \"https://new.example/x/\", status = 301, keep_path = true }\n");
  ASSERT_TRUE(redirect) << to_string(redirect.error());
  EXPECT_EQ(redirect->routes[0].redirect->to, "https://new.example/x");
  EXPECT_EQ(redirect->routes[0].delegation, Delegation::none);
  const auto answer = read("answer = { status = 503, file = \"sorry.html\", retry_after = \"10m\" }\n");
  ASSERT_TRUE(answer) << to_string(answer.error());
  EXPECT_EQ(answer->routes[0].answer->body, "<p>Sorry</p>");
  EXPECT_EQ(answer->routes[0].answer->retry_after, std::chrono::minutes(10));
  EXPECT_TRUE(read("answer = {}\n" + kUsers)) << "beside a back end, while that is maintained";
}

TEST_F(RouteKeys, SetAndRemoveHeaders) {
  const auto config =
      read(kPublic +
           "set_request_headers = { \"X-Site\" = \"intranet\" }\nremove_request_headers = [\"X-Debug\"]\n"
           "set_response_headers = { \"X-Frame-Options\" = \"DENY\" }\nadd_response_headers = { \"Vary\" = "
           "\"Cookie\" }\nremove_response_headers = [\"Server\", \"X-Powered-*\"]\n");
  ASSERT_TRUE(config) << to_string(config.error());
  const Route& route = config->routes[0];
  EXPECT_EQ(route.drop_headers, (std::vector<std::string>{"x-debug", "x-site"})) << "what a client sends is replaced";
  EXPECT_EQ(route.remove_response_headers, (std::vector<std::string>{"server", "x-powered-*", "x-frame-options"}));
  EXPECT_EQ(route.add_response_headers.at(0).second, "Cookie");
}

TEST_F(RouteKeys, TakeAWildcardHost) {
  const auto config = read("host = \"*.Apps.Example\"\n" + kPublic);
  ASSERT_TRUE(config) << to_string(config.error());
  EXPECT_EQ(config->routes[0].host, "*.apps.example");
}

struct Fault {
  const char* name;
  std::string keys, place, says;  // place: "LINE:COLUMN"
};
class RouteFaults : public RouteKeys, public testing::WithParamInterface<Fault> {};
TEST_P(RouteFaults, AreReportedAtTheirPlace) {
  const auto config = read(GetParam().keys);
  ASSERT_FALSE(config);
  EXPECT_THAT(to_string(config.error()), StartsWith(folder_ + "/proxy.toml:" + GetParam().place + ": "));
  EXPECT_THAT(to_string(config.error()), HasSubstr(GetParam().says));
}
INSTANTIATE_TEST_SUITE_P(
    Table, RouteFaults,
    testing::Values(
        Fault{"star_inside", "host = \"a.*.example\"\n" + kPublic, "7:8", "is neither a host name"},
        Fault{"star_alone", "host = \"*\"\n" + kPublic, "7:8", "is neither a host name"},
        Fault{"star_in_a_label", "host = \"a*.example\"\n" + kPublic, "7:8", "is neither a host name"},
        Fault{"strip_elsewhere", "path = \"/app/\"\nstrip_prefix = \"/other\"\n" + kPublic, "8:16",
              "no path of this route"},
        Fault{"strip_more_than_the_path", "path = \"/app/\"\nstrip_prefix = \"/app/x\"\n" + kPublic, "8:16",
              "no path of this route"},
        Fault{"strip_half_a_segment", "path = \"/app/\"\nstrip_prefix = \"/ap\"\n" + kPublic, "8:16",
              "no path of this route"},
        Fault{"strip_nothing", "path = \"/app/\"\nstrip_prefix = \"/\"\n" + kPublic, "8:16", "nothing to cut off"},
        Fault{"strip_escaped", "path = \"/app/\"\nstrip_prefix = \"/%61pp\"\n" + kPublic, "8:16", "not a plain path"},
        Fault{"public_elsewhere", "path = \"/app/\"\npublic = [\"/static/\"]\n" + kUsers, "8:11", "matches nothing"},
        Fault{"public_itself", "path = \"/app/\"\npublic = [\"/app\"]\n" + kUsers, "8:11", "matches nothing"},
        Fault{"public_dots", "path = \"/app/\"\npublic = [\"/app/../x\"]\n" + kUsers, "8:11", "matches nothing"},
        Fault{"public_on_a_public_route", "public = [\"/static/\"]\n" + kPublic, "7:10", "has no meaning"},
        Fault{"public_twice", "public = [\"/x/\", \"/x\"]\n" + kUsers, "7:10", "above already"},
        Fault{"redirect_to_nowhere", "redirect = \"new.example\"\n", "7:12", "neither an https or http URL"},
        Fault{"redirect_to_another_origin_by_path", "redirect = \"//evil\"\n", "7:12", "neither an https or http URL"},
        Fault{"redirect_status", "redirect = { to = \"/x\", status = 304 }\n", "7:34", "none of 301"},
        Fault{"redirect_and_back_end", "redirect = \"/x\"\n" + kPublic, "9:13", "beside redirect"},
        Fault{"redirect_key", "redirect = { to = \"/x\", code = 301 }\n", "7:25", "unknown key"},
        Fault{"answer_without_file", "answer = { file = \"none.html\" }\n", "7:19", "cannot be read"},
        Fault{"answer_with_an_empty_file", "answer = { file = \"empty.html\" }\n", "7:19", "is empty"},
        Fault{"answer_that_asks", "answer = { status = 401 }\n", "7:21", "sign_in"},
        Fault{"answer_that_redirects", "answer = { status = 302 }\n", "7:21", "redirect ="},
        Fault{"preflight_for_nobody", "preflight = \"answer\"\n" + kUsers, "7:13", "allowed_origins"},
        Fault{"preflight_word", "preflight = \"yes\"\n" + kUsers, "7:13", "none of true"},
        Fault{"preflight_on_a_public_route", "preflight = true\n" + kPublic, "7:13", "has no meaning"},
        Fault{"header_name", kPublic + "set_request_headers = { \"a b\" = \"c\" }\n", "9:25", "not a header's name"},
        Fault{"header_of_the_proxy", kPublic + "set_request_headers = { Authorization = \"x\" }\n", "9:25",
              "the proxy alone writes"},
        Fault{"header_that_frames", kPublic + "add_response_headers = { Transfer-Encoding = \"x\" }\n", "9:26",
              "the proxy alone writes"},
        Fault{"header_with_a_line", kPublic + "set_response_headers = { X-A = \"a\\r\\nB: c\" }\n", "9:32",
              "control characters"},
        Fault{"header_value", kPublic + "set_response_headers = { X-A = 1 }\n", "9:32", "must be a string"},
        Fault{"two_names_of_one_key", kPublic + "drop_headers = [\"A\"]\nremove_request_headers = [\"B\"]\n", "9:16",
              "one key"},
        Fault{"map_from", kPublic + "address_map = { \"wiki.internal\" = \"client\" }\n", "9:17",
              "is not http://HOST:PORT"},
        Fault{"map_to", kPublic + "address_map = { \"http://wiki.internal\" = \"wiki\" }\n", "9:42", "is neither"},
        Fault{"retries", kPublic + "retries = 99\n", "9:11", "retries"},
        Fault{"ca_that_is_not_used", kPublic + "upstream_verify = false\nupstream_ca = \"x\"\n", "10:15",
              "no meaning"}),
    [](const auto& test) { return std::string(test.param.name); });

// A route for other proxies, at line 5.
class ForProxies : public RouteKeys {
 protected:
  Checked<Config> read_for_proxies(const std::string& server, const std::string& keys) {
    std::ofstream(folder_ + "/proxy.toml")
        << "[identity]\nprincipal = \"HTTP/f@R\"\n[sign_in.forms]\n[sign_in.kerberos]\n[[route]]\nsign_in = "
           "[\"kerberos\"]\n"
        << keys << "[server]\nlisten = [\"127.0.0.1:1\"]\n"
        << server;
    return read_config(folder_ + "/proxy.toml");
  }
  const std::string listen_ = "auth_listen = [\"127.0.0.1:2\"]\n";
};

TEST_F(ForProxies, NeedsNoUpstreams) {
  const auto config = read_for_proxies(listen_, "spn = \"HTTP/a\"\n");
  ASSERT_TRUE(config) << to_string(config.error());
  EXPECT_FALSE(config->routes[0].serves_clients());
  EXPECT_TRUE(config->routes[0].offers_authorization());
  EXPECT_TRUE(config->auth_from.has(boost::asio::ip::make_address("127.0.0.9")));
  EXPECT_FALSE(config->auth_from.has(boost::asio::ip::make_address("10.0.0.1")));
  EXPECT_FALSE(read_for_proxies("", "spn = \"HTTP/a\"\n"));
}

TEST_F(ForProxies, RefusesWhatCannotWork) {
  const std::string spn = "spn = \"HTTP/a\"\n", elsewhere = "auth_listen = [\"10.0.0.1:2\"]\n";
  const struct {
    std::string server, keys, says;
  } faults[] = {
      {elsewhere, spn, "is not a loopback address, which needs a certificate and key"},
      {elsewhere, spn, "auth_listen"},
      {"auth_listen = [\"nowhere\"]\n", spn, "\"nowhere\" is not ADDRESS:PORT"},
      {"auth_from = [\"10.0.0.1\"]\n", spn + "upstreams = [\"http://a\"]\n",
       "auth_from has no meaning without auth_listen"},
      {listen_ + "auth_from = [\"x\"]\n", spn, "auth_from"},
      {listen_, spn + "auth = false\n", "auth = false on a route without upstreams"},
      {"", spn + "auth = true\nupstreams = [\"http://a\"]\n", "auth has no meaning without [server] auth_listen"},
      {listen_, spn + "mutual = \"required\"\n", "cannot be kept at auth_listen"},
      {listen_, spn + "delegation = \"forwarded-tgt\"\n", "the other proxy would get the user's TGT"},
      {listen_, spn + "mutual = \"required\"\nauth = true\nupstreams = [\"http://a\"]\n",
       "cannot be kept at auth_listen"},
      {listen_, spn + "retries = 2\n", "retries has no meaning without upstreams"},
      {listen_, spn + "health = { path = \"/\" }\n", "health has no meaning without upstreams"},
  };
  for (const auto& fault : faults) {
    const auto config = read_for_proxies(fault.server, fault.keys);
    ASSERT_FALSE(config) << fault.says;
    EXPECT_THAT(to_string(config.error()), HasSubstr(fault.says));
    EXPECT_THAT(to_string(config.error()), testing::MatchesRegex(".*/proxy\\.toml:[0-9]+:[0-9]+: .*"));
  }
  EXPECT_TRUE(read_for_proxies(listen_, spn + "mutual = \"required\"\nupstreams = [\"http://a\"]\n"))
      << "it is not offered there";
}

TEST_F(ForProxies, NamesWhoMayAskFromElsewhere) {
  const std::string tls = "certificate = \"a\"\nkey = \"b\"\nauth_listen = [\"10.0.0.1:2\"]\n",
                    spn = "spn = \"HTTP/a\"\n";
  EXPECT_THAT(to_string(read_for_proxies(tls, spn).error()), HasSubstr("needs auth_from"));
  EXPECT_TRUE(read_for_proxies(tls + "auth_from = [\"10.0.0.0/24\"]\n", spn));
}

}  // namespace
}  // namespace stead::proxy
