#include <gtest/gtest.h>

#include "sspi_shim/base/host_and_port.h"
#include "sspi_shim/base/http_url.h"

namespace stead {
namespace {

TEST(HostAndPort, IsReadAsWritten) {
  EXPECT_EQ(parse_host_and_port("127.0.0.1:88"), (HostAndPort{"127.0.0.1", 88}));
  EXPECT_EQ(parse_host_and_port("[::1]:0"), (HostAndPort{"::1", 0}));
  EXPECT_EQ(parse_host_and_port("dc1.root.example:65535"), (HostAndPort{"dc1.root.example", 65535}));
  for (const char* text : {"", "host", "host:", ":88", "[]:88", "::1:88", "[::1]", "[::1]88", "[host]:88", "host:65536",
                           "host:-1", "host:8a", "host: 88"})
    EXPECT_FALSE(parse_host_and_port(text)) << text;
}

TEST(HostAndPort, HasBracketsAroundIpv6Alone) {
  EXPECT_EQ(format_host_and_port("::1", 88), "[::1]:88");
  EXPECT_EQ(format_host_and_port("[::1]", 88), "[::1]:88");
  EXPECT_EQ(format_host_and_port("10.0.0.1", 88), "10.0.0.1:88");
  EXPECT_EQ(without_brackets("[::1]"), "::1");
  EXPECT_EQ(without_brackets("host"), "host");
}

TEST(IpAddress, IsIpv4OrIpv6WithoutBrackets) {
  for (const char* text : {"127.0.0.1", "::1", "fd00::1:2"}) EXPECT_TRUE(is_ip_address(text)) << text;
  for (const char* text : {"", "host", "[::1]", "127.0.0.1:80", "1.2.3"}) EXPECT_FALSE(is_ip_address(text)) << text;
}

TEST(HttpUrl, IsReadAsWritten) {
  EXPECT_EQ(parse_http_url("http://web"), (HttpUrl{false, "web", 80, "", std::nullopt}));
  EXPECT_EQ(parse_http_url("HTTPS://Web.example/a%20b/"), (HttpUrl{true, "Web.example", 443, "/a%20b/", std::nullopt}));
  EXPECT_EQ(parse_http_url("http://[::1]:8080/a?b=c&d"), (HttpUrl{false, "::1", 8080, "/a", "b=c&d"}));
  EXPECT_EQ(parse_http_url("http://my_host:1?"), (HttpUrl{false, "my_host", 1, "", ""}));
}

TEST(HttpUrl, RefusesOthers) {
  for (const char* text : {"",
                           "web",
                           "ftp://web/",
                           "http:",
                           "http:/web",
                           "http://",
                           "http:///a",
                           "http://:80/",
                           "http://user@web/",
                           "http://web/#part",
                           "http://web:/",
                           "http://web:0/",
                           "http://web:65536/",
                           "http://web:8a/",
                           "http://[::1",
                           "http://[web]/",
                           "http://a b/",
                           "http://web/a b",
                           "http://web/\r\nX: y",
                           "http://::1/",
                           "//web/"})
    EXPECT_FALSE(parse_http_url(text)) << text;
}

}  // namespace
}  // namespace stead
