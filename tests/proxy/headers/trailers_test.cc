#include "proxy/headers/trailers.h"

#include <gtest/gtest.h>

#include <string>

namespace stead::proxy {
namespace {

TEST(Trailers, PassUnlessTheyBelongIntoTheHead) {
  std::string out = "0\r\n";
  append_trailers(out,
                  "Grpc-Status: 0\r\nContent-Length: 5\r\nServer-Timing: db\r\nSET-COOKIE: a=b\r\nX-Checksum: 12\r\n"
                  "Transfer-Encoding: chunked\r\nWWW-Authenticate: Negotiate\r\nLocation: /x\r\nDigest:\r\n");
  EXPECT_EQ(out, "0\r\nGrpc-Status: 0\r\nServer-Timing: db\r\nX-Checksum: 12\r\nDigest:\r\n");
  append_trailers(out = "", "");
  EXPECT_EQ(out, "");
}

TEST(Trailers, ThatAClientWouldTakeForItsHeadStayHere) {
  for (const char* const name : {"Content-Type",
                                 "content-encoding",
                                 "Connection",
                                 "Keep-Alive",
                                 "Trailer",
                                 "Upgrade",
                                 "X-Request-Id",
                                 "Host",
                                 "Cache-Control",
                                 "Date",
                                 "Set-Cookie",
                                 "Authorization",
                                 "Access-Control-Allow-Origin",
                                 "Content-Security-Policy",
                                 "Strict-Transport-Security",
                                 "Vary",
                                 "Expires",
                                 "Age",
                                 "Proxy-Authenticate",
                                 "Clear-Site-Data"})
    EXPECT_FALSE(may_be_trailer(name)) << name;
  for (const char* const name : {"grpc-message", "ETag", "Server-Timing", "X-Sum", "Digest", "Expires-x"})
    EXPECT_TRUE(may_be_trailer(name)) << name;
}

}  // namespace
}  // namespace stead::proxy
