#include "proxy/headers/own_address.h"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace stead::proxy {
namespace {

struct Rewritten {
  const char* name;
  Upstream upstream;
  std::string scheme, authority;  // the client's
  std::string value, expected;
};
const Upstream kPlain{.tls = false, .host = "10.0.0.5", .port = 9001, .base_path = {}};
const Upstream kNamed{.tls = true, .host = "back.corp.example", .port = 443, .base_path = {}};
const Upstream kBase{.tls = false, .host = "back.corp.example", .port = 80, .base_path = "/app"};

class Locations : public testing::TestWithParam<Rewritten> {};
TEST_P(Locations, NameTheClientsAddress) {
  const Rewritten& test = GetParam();
  std::string out;
  append_location(out, test.value,
                  {.client_scheme = test.scheme, .client_authority = test.authority, .upstream = test.upstream});
  EXPECT_EQ(out, test.expected);
}
INSTANTIATE_TEST_SUITE_P(
    Table, Locations,
    testing::Values(
        Rewritten{"own_address", kPlain, "https", "front.example", "http://10.0.0.5:9001/a?b#c",
                  "https://front.example/a?b#c"},
        Rewritten{"with_the_clients_port", kPlain, "https", "front.example:8443", "http://10.0.0.5:9001",
                  "https://front.example:8443"},
        Rewritten{"another_port", kPlain, "https", "front.example", "http://10.0.0.5/a", "http://10.0.0.5/a"},
        Rewritten{"another_scheme", kPlain, "https", "front.example", "https://10.0.0.5:9001/a",
                  "https://10.0.0.5:9001/a"},
        Rewritten{"another_site", kPlain, "https", "front.example", "https://login.example/?to=http://10.0.0.5:9001/",
                  "https://login.example/?to=http://10.0.0.5:9001/"},
        Rewritten{"a_host_that_begins_alike", kPlain, "https", "front.example", "http://10.0.0.5:9001.evil.example/",
                  "http://10.0.0.5:9001.evil.example/"},
        Rewritten{"a_user_before_the_host", kPlain, "https", "front.example", "http://10.0.0.5:9001@evil.example/",
                  "http://10.0.0.5:9001@evil.example/"},
        Rewritten{"default_port", kNamed, "https", "front.example", "HTTPS://Back.Corp.Example/a",
                  "https://front.example/a"},
        Rewritten{"default_port_told", kNamed, "https", "front.example", "https://back.corp.example:443/a",
                  "https://front.example/a"},
        Rewritten{"the_clients_host_without_tls", kPlain, "https", "front.example:8443", "http://front.example:8443/a",
                  "https://front.example:8443/a"},
        Rewritten{"the_clients_host_on_purpose", kNamed, "https", "front.example", "http://front.example/a",
                  "http://front.example/a"},
        Rewritten{"the_clients_host_by_tls", kPlain, "https", "front.example", "https://front.example/a",
                  "https://front.example/a"},
        Rewritten{"a_client_without_tls", kPlain, "http", "front.example", "http://front.example/a",
                  "http://front.example/a"},
        Rewritten{"a_client_without_host", kPlain, "http", "", "http://10.0.0.5:9001/a", "http://10.0.0.5:9001/a"},
        Rewritten{"path", kPlain, "https", "front.example", "/a", "/a"},
        Rewritten{"relative", kPlain, "https", "front.example", "a/b", "a/b"},
        Rewritten{"network_path", kBase, "https", "front.example", "//back.corp.example/app/a",
                  "//back.corp.example/app/a"},
        Rewritten{"base_path", kBase, "https", "front.example", "/app/a", "/a"},
        Rewritten{"base_path_alone", kBase, "https", "front.example", "/app", "/"},
        Rewritten{"base_path_and_query", kBase, "https", "front.example", "http://back.corp.example/app?x",
                  "https://front.example/?x"},
        Rewritten{"a_path_that_begins_alike", kBase, "https", "front.example", "/apple", "/apple"},
        Rewritten{"what_would_become_a_network_path", kBase, "https", "front.example", "/app//evil.example/",
                  "/app//evil.example/"},
        Rewritten{"what_browsers_take_for_one", kBase, "https", "front.example", "/app/\\evil.example/",
                  "/app/\\evil.example/"},
        Rewritten{"outside_of_the_base_path", kBase, "https", "front.example", "http://back.corp.example/other",
                  "https://front.example/other"}),
    [](const auto& test) { return std::string(test.param.name); });

class Cookies : public testing::TestWithParam<Rewritten> {};
TEST_P(Cookies, AreOfTheClientsHost) {
  const Rewritten& test = GetParam();
  std::string out;
  append_set_cookie(out, test.value,
                    {.client_scheme = test.scheme, .client_authority = test.authority, .upstream = test.upstream});
  EXPECT_EQ(out, test.expected);
}
INSTANTIATE_TEST_SUITE_P(
    Table, Cookies,
    testing::Values(
        Rewritten{"plain", kNamed, "https", "front.example", "a=1; Path=/; HttpOnly", "a=1; Path=/; HttpOnly"},
        Rewritten{"own_domain", kNamed, "https", "front.example", "a=1; Domain=back.corp.example; Path=/",
                  "a=1; Path=/"},
        Rewritten{"parent_domain", kNamed, "https", "front.example", "a=1;domain=.Corp.Example;Secure", "a=1;Secure"},
        Rewritten{"a_domain_of_both", kNamed, "https", "front.corp.example:8443", "a=1; Domain=corp.example",
                  "a=1; Domain=corp.example"},
        Rewritten{"another_domain", kNamed, "https", "front.example", "a=1; Domain=other.example",
                  "a=1; Domain=other.example"},
        Rewritten{"a_domain_that_ends_alike", kNamed, "https", "front.example", "a=1; Domain=p.example",
                  "a=1; Domain=p.example"},
        Rewritten{"a_cookie_named_domain", kNamed, "https", "front.example",
                  "Domain=back.corp.example; Domain=back.corp.example", "Domain=back.corp.example"},
        Rewritten{"base_path", kBase, "https", "front.example", "a=1; path=/app/x; Secure", "a=1; Path=/x; Secure"},
        Rewritten{"base_path_alone", kBase, "https", "front.example", "a=1; Path=/app", "a=1; Path=/"},
        Rewritten{"a_path_that_begins_alike", kBase, "https", "front.example", "a=1; Path=/apple", "a=1; Path=/apple"},
        Rewritten{"empty", kBase, "https", "front.example", "", ""},
        Rewritten{"semicolons", kBase, "https", "front.example", "a=1;;; Domain", "a=1;;; Domain"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(OwnAddress, IsAlsoTheHostThatTheRouteSends) {
  const Addresses addresses{
      .client_scheme = "https", .client_authority = "front.example", .upstream = kPlain, .sent_host = "in.example"};
  const auto location = [&](std::string_view value) {
    std::string out;
    append_location(out, value, addresses);
    return out;
  };
  EXPECT_EQ(location("http://in.example/a"), "https://front.example/a");
  EXPECT_EQ(location("http://IN.example:80/a"), "https://front.example/a");
  EXPECT_EQ(location("http://in.example:81/a"), "http://in.example:81/a");
  EXPECT_EQ(location("https://in.example/a"), "https://in.example/a");
  EXPECT_EQ(location("http://10.0.0.5:9001/a"), "https://front.example/a");
  std::string cookie;
  append_set_cookie(cookie, "a=1; Domain=in.example", addresses);
  EXPECT_EQ(cookie, "a=1");
}

TEST(StrippedPrefixes, AreBackInLocationsAndCookiePaths) {
  const auto location = [](std::string_view value, const Upstream& upstream) {
    std::string out;
    append_location(
        out, value,
        {.client_scheme = "https", .client_authority = "front.example", .upstream = upstream, .stripped = "/wiki"});
    return out;
  };
  EXPECT_EQ(location("/a?b", kPlain), "/wiki/a?b");
  EXPECT_EQ(location("/", kPlain), "/wiki/");
  EXPECT_EQ(location("a", kPlain), "a");
  EXPECT_EQ(location("http://10.0.0.5:9001", kPlain), "https://front.example/wiki/");
  EXPECT_EQ(location("/app/a", kBase), "/wiki/a");
  EXPECT_EQ(location("/app", kBase), "/wiki/");
  EXPECT_EQ(location("https://other.example/a", kPlain), "https://other.example/a");
  const auto cookie = [](std::string_view value) {
    std::string out;
    append_set_cookie(
        out, value,
        {.client_scheme = "https", .client_authority = "front.example", .upstream = kPlain, .stripped = "/wiki"});
    return out;
  };
  EXPECT_EQ(cookie("a=b; Path=/; Secure"), "a=b; Path=/wiki/; Secure");
  EXPECT_EQ(cookie("a=b; path=/x"), "a=b; Path=/wiki/x");
  EXPECT_EQ(cookie("a=b"), "a=b");
}

TEST(MappedAddresses, AreRewrittenInLocationsAndCookieDomains) {
  const std::vector<AddressMapping> map{{"http://wiki.internal:8080", "https://wiki.example"},
                                        {"https://reports.internal", ""}};
  const Addresses addresses{
      .client_scheme = "https", .client_authority = "front.example", .upstream = kPlain, .map = &map};
  const auto location = [&](std::string_view value) {
    std::string out;
    append_location(out, value, addresses);
    return out;
  };
  EXPECT_EQ(location("http://WIKI.internal:8080/a?b"), "https://wiki.example/a?b");
  EXPECT_EQ(location("https://reports.internal/a"), "https://front.example/a");
  EXPECT_EQ(location("https://reports.internal:443/a"), "https://front.example/a");
  EXPECT_EQ(location("http://wiki.internal/a"), "http://wiki.internal/a");
  EXPECT_EQ(location("http://wiki.internal:8080.evil.example/"), "http://wiki.internal:8080.evil.example/");
  std::string cookie;
  append_set_cookie(cookie, "a=b; Domain=internal; Secure", addresses);
  EXPECT_EQ(cookie, "a=b; Secure");
}

}  // namespace
}  // namespace stead::proxy
