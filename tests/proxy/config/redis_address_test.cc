#include "proxy/config/values/redis_address.h"

#include <gtest/gtest.h>

#include <string_view>

namespace stead::proxy {
namespace {

TEST(RedisAddress, IsAUrl) {
  EXPECT_EQ(parse_redis_address("redis://redis.example"), (RedisAddress{.host = "redis.example"}));
  EXPECT_EQ(parse_redis_address("redis://10.0.0.1:7000/3"),
            (RedisAddress{.host = "10.0.0.1", .port = 7000, .socket = {}, .tls = false, .database = 3}));
  EXPECT_EQ(
      parse_redis_address("rediss://us%40er:p%2Fw@[::1]"),
      (RedisAddress{
          .host = "::1", .port = 6379, .socket = {}, .tls = true, .database = 0, .user = "us@er", .password = "p/w"}));
  EXPECT_EQ(parse_redis_address("unix:///run/redis.sock?db=2"),
            (RedisAddress{.host = {}, .port = 6379, .socket = "/run/redis.sock", .tls = false, .database = 2}));
}

TEST(RedisAddress, RefusesOtherText) {
  for (const std::string_view bad :
       {"", "redis", "redis://", "http://a", "redis://a:0", "redis://a:70000", "redis://a/x", "redis://a/-1",
        "redis://a?x=1", "redis://a#x", "unix://host/path", "unix:///", "unix:///p?x=1", "redis://a b"})
    EXPECT_FALSE(parse_redis_address(bad)) << bad;
}

TEST(RedisAddress, IsWrittenWithoutThePassword) {
  EXPECT_EQ(to_string(*parse_redis_address("rediss://user:secret@[::1]:1/2")), "rediss://[::1]:1/2");
  EXPECT_EQ(to_string(*parse_redis_address("redis://a")), "redis://a:6379/0");
  EXPECT_EQ(to_string(*parse_redis_address("unix:///p/s")), "unix:///p/s");
}

}  // namespace
}  // namespace stead::proxy
