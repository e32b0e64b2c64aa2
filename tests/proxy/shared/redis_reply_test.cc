#include "proxy/shared/redis_reply.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace stead::proxy {
namespace {

RedisReply only_reply(std::string_view octets) {
  RedisReader reader;
  EXPECT_TRUE(reader.feed(octets));
  auto reply = reader.next();
  EXPECT_TRUE(reply && *reply);
  return reply && *reply ? **reply : RedisReply();
}

TEST(RedisReader, ReadsEachKind) {
  EXPECT_TRUE(only_reply("+OK\r\n").is_ok());
  EXPECT_EQ(only_reply("-ERR no\r\n").kind, RedisReply::Kind::error);
  EXPECT_EQ(only_reply(":-7\r\n").number, -7);
  EXPECT_EQ(only_reply("$-1\r\n").kind, RedisReply::Kind::nothing);
  EXPECT_EQ(only_reply(std::string_view("$3\r\na\0b\r\n", 9)).text, std::string_view("a\0b", 3));
  const RedisReply list = only_reply("*3\r\n$7\r\nmessage\r\n:1\r\n*0\r\n");
  ASSERT_EQ(list.list.size(), 3u);
  EXPECT_EQ(list.list[0].text, "message");
  EXPECT_EQ(list.list[2].kind, RedisReply::Kind::list);
}

TEST(RedisReader, WaitsForTheRestOfAReply) {
  RedisReader reader;
  const std::string_view whole = "*2\r\n$3\r\nabc\r\n:5\r\n+OK\r\n";
  for (std::size_t i = 0; i < whole.size(); ++i) {
    ASSERT_TRUE(reader.feed(whole.substr(i, 1)));
    const auto reply = reader.next();
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->has_value(), i + 1 == whole.size() - 5 || i + 1 == whole.size()) << i;
  }
}

TEST(RedisReader, RefusesWhatIsNoReply) {
  for (const std::string_view bad :
       {"HTTP/1.1 400\r\n", "*4097\r\n", "*1000000000\r\n", "*1\r\n*1000000000\r\n", "$abc\r\n"}) {
    RedisReader reader;
    const auto fed = reader.feed(bad);
    const auto reply = reader.next();
    EXPECT_TRUE(!fed || !reply) << bad;
    EXPECT_FALSE(reader.feed("+OK\r\n")) << bad;
  }
}

TEST(RedisReader, HoldsAtMostAMebibyte) {
  RedisReader reader;
  ASSERT_TRUE(reader.feed("$2000000000\r\n"));
  const std::string piece(64 * 1024, 'x');
  int taken = 0;
  while (taken < 100 && reader.feed(piece)) ++taken;
  EXPECT_LE(taken, 16);
}

TEST(RedisCommand, IsAnArrayOfStrings) {
  EXPECT_EQ(redis_command({"SET", "a b", std::string_view("\r\n\0", 3)}),
            std::string_view("*3\r\n$3\r\nSET\r\n$3\r\na b\r\n$3\r\n\r\n\0\r\n", 31));
}

}  // namespace
}  // namespace stead::proxy
