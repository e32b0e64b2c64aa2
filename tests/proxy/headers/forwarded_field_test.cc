#include "proxy/headers/forwarded_field.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace stead::proxy {
namespace {

// "192.0.2.7 https, -": addresses, "-" where there is none.
std::string read(std::string_view value) {
  const auto elements = parse_forwarded(value);
  if (!elements) return "malformed";
  std::string out;
  for (const ForwardedElement& element : *elements) {
    if (!out.empty()) out += ", ";
    out += element.from ? element.from->to_string() : "-";
    if (element.https) out += " https";
  }
  return out;
}

TEST(Forwarded, IsReadAsRfc7239HasIt) {
  for (const auto& [value, elements] : std::vector<std::pair<std::string, std::string>>{
           {"for=192.0.2.60;proto=http;by=203.0.113.43", "192.0.2.60"},
           {"For=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17"},
           {"for=\"192.0.2.43:47011\"", "192.0.2.43"},
           {"for=192.0.2.43, for=198.51.100.17;proto=HTTPS", "192.0.2.43, 198.51.100.17 https"},
           {" for=192.0.2.43 ; proto=https ,for=198.51.100.17 ", "192.0.2.43 https, 198.51.100.17"},
           {"for=unknown;proto=https", "- https"},
           {"for=_hidden, for=\"_SEVKISEK:80\"", "-, -"},
           {"by=10.0.0.1;host=\"a, for=1.2.3.4; \\\" proto=https\"", "-"},
           {"for=\"\\1.2.3.4\"", "1.2.3.4"},
       })
    EXPECT_EQ(read(value), elements) << value;
}

TEST(Forwarded, ThatIsMalformedIsNotBelieved) {
  for (const char* value :
       {"", ",", "for=1.2.3.4,", ",for=1.2.3.4", "for=", "for", "=1.2.3.4", "for =1.2.3.4", "for= 1.2.3.4",
        "for=\"1.2.3.4", "for=\"1.2.3.4\\", "for=1.2.3.4;", "for=1.2.3.4;;proto=https", "for=1.2.3.4 proto=https",
        "for=1.2.3.4;for=5.6.7.8", "proto=https;proto=http", "for=2001:db8::1", "for=1.2.3.4\"x\""})
    EXPECT_EQ(read(value), "malformed") << value;
}

TEST(Forwarded, IsWrittenAsItIsRead) {
  EXPECT_EQ(forwarded_element("192.0.2.7", "www.example.com:8443", "https"),
            "for=192.0.2.7;host=\"www.example.com:8443\";proto=https");
  EXPECT_EQ(forwarded_element("2001:db8::7", "", "http"), "for=\"[2001:db8::7]\";proto=http");
  EXPECT_EQ(forwarded_element("192.0.2.7", "a\"b", "http"), "for=192.0.2.7;proto=http");
  EXPECT_EQ(read(forwarded_element("2001:db8::7", "[::1]", "https")), "2001:db8::7 https");
}

}  // namespace
}  // namespace stead::proxy
