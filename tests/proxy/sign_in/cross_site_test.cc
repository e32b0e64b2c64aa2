#include "proxy/sign_in/cross_site.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace stead::proxy {
namespace {

const std::vector<std::string> kAllowed{"https://portal.example.com"};

struct Row {
  const char* name;
  std::string_view method, origin, sec_fetch_site;
  bool upgrades, forbidden;
};
class CrossSite : public testing::TestWithParam<Row> {};
TEST_P(CrossSite, IsJudged) {
  RequestView request;
  request.method = GetParam().method;
  request.origin = GetParam().origin;
  request.sec_fetch_site = GetParam().sec_fetch_site;
  request.upgrades = GetParam().upgrades;
  request.authority = "www.example.com";
  request.tls = true;
  EXPECT_EQ(is_forbidden_cross_site(request, kAllowed), GetParam().forbidden);
}
INSTANTIATE_TEST_SUITE_P(
    Requests, CrossSite,
    testing::Values(Row{"a_link", "GET", "", "cross-site", false, false},
                    Row{"an_image", "HEAD", "https://evil.example", "cross-site", false, false},
                    Row{"a_preflight", "OPTIONS", "https://evil.example", "cross-site", false, false},
                    Row{"post", "POST", "https://evil.example", "cross-site", false, true},
                    Row{"post_old_browser", "POST", "https://evil.example", "", false, true},
                    Row{"post_without_origin", "POST", "", "cross-site", false, true},
                    Row{"delete", "DELETE", "https://evil.example", "", false, true},
                    Row{"unknown_method", "PROPPATCH", "https://evil.example", "", false, true},
                    Row{"lower_case_get", "get", "https://evil.example", "", false, true},
                    Row{"null_origin", "POST", "null", "", false, true},
                    Row{"null_origin_cross_site", "POST", "null", "cross-site", false, true},
                    Row{"sibling", "POST", "https://blog.example.com", "same-site", false, true},
                    Row{"unknown_word", "POST", "", "elsewhere", false, true},
                    Row{"http_page_of_the_host", "POST", "http://www.example.com", "", false, true},
                    Row{"other_port", "POST", "https://www.example.com:8443", "", false, true},
                    Row{"longer_name", "POST", "https://www.example.com.evil.example", "", false, true},
                    Row{"web_socket", "GET", "https://evil.example", "cross-site", true, true},
                    Row{"web_socket_old_browser", "GET", "https://evil.example", "", true, true},
                    Row{"own_web_socket", "GET", "https://www.example.com", "", true, false},
                    Row{"own_page", "POST", "https://www.example.com", "same-origin", false, false},
                    Row{"own_page_old_browser", "POST", "https://WWW.example.com", "", false, false},
                    Row{"own_page_with_port", "POST", "https://www.example.com", "", false, false},
                    Row{"by_the_user", "POST", "", "none", false, false},
                    Row{"a_program", "POST", "", "", false, false},
                    Row{"a_programs_web_socket", "GET", "", "", true, false},
                    Row{"allowed", "POST", "https://portal.example.com", "cross-site", false, false},
                    Row{"allowed_old_browser", "POST", "https://Portal.example.com", "", false, false},
                    Row{"allowed_web_socket", "GET", "https://portal.example.com", "cross-site", true, false},
                    Row{"allowed_name_by_http", "POST", "http://portal.example.com", "cross-site", false, true}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(OwnOrigin, IsAsBrowsersWriteIt) {
  RequestView request;
  request.tls = true;
  request.authority = "www.example.com:443";
  EXPECT_EQ(own_origin(request), "https://www.example.com");
  request.authority = "www.example.com:80";
  EXPECT_EQ(own_origin(request), "https://www.example.com:80");
  request.tls = false;
  EXPECT_EQ(own_origin(request), "http://www.example.com");
  request.authority = "[::1]:8443";
  EXPECT_EQ(own_origin(request), "http://[::1]:8443");
}

}  // namespace
}  // namespace stead::proxy
