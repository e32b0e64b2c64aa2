#include "proxy/tls/ticket_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <string>

#include "tests/proxy/tls/tls_fixture.h"

namespace stead::proxy::test {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

Bytes name_of(const TicketKeys::Key& key) {
  return Bytes(key).first(TicketKeys::kNameSize);
}

TEST(TicketKeys, AreReplacedAndForgotten) {
  TicketKeys keys;
  const auto start = TicketKeys::Clock::now();
  const auto first = keys.newest(start);
  EXPECT_EQ(keys.newest(start + 59min), first);
  const auto second = keys.newest(start + 60min);
  EXPECT_NE(second, first);
  ASSERT_TRUE(keys.find(name_of(first), start + 60min));
  EXPECT_EQ(keys.find(name_of(first), start + 60min)->key, first);
  EXPECT_FALSE(keys.find(name_of(first), start + 60min)->is_newest);
  EXPECT_TRUE(keys.find(name_of(second), start + 60min)->is_newest);
  (void)keys.newest(start + 121min);
  EXPECT_TRUE(keys.find(name_of(first), start + 121min)) << "a ticket of its last minute is good still";
  (void)keys.newest(start + 182min);
  EXPECT_FALSE(keys.find(name_of(first), start + 182min));
}

TEST(TicketKeys, AnOldOneIsForgottenAlsoWhereNobodyCameForLong) {
  TicketKeys keys;
  const auto start = TicketKeys::Clock::now();
  const auto first = keys.newest(start);
  EXPECT_FALSE(keys.find(name_of(first), start + 24h));
}

class TicketKeyFile : public testing::Test {
 protected:
  std::string write(const std::string& content) {
    std::ofstream(path(), std::ios::binary) << content;
    return path();
  }
  [[nodiscard]] std::string path() const { return files_.path("tickets.key"); }
  TlsFiles files_;
};

TEST_F(TicketKeyFile, SeveralProcessesKnowEachOthersTickets) {
  const CertificateFiles certificate = files_.make({.stem = "a", .names = {"a.test"}});
  write(std::string(32, 'a'));
  Served one({certificate}), two({certificate}), without({certificate});
  one.config.ticket_key_file = two.config.ticket_key_file = path();
  const auto first = connect(one.listener());
  ASSERT_TRUE(first->session);
  EXPECT_TRUE(connect(two.listener(), {.session = first->session.get()})->resumed());
  EXPECT_FALSE(connect(without.listener(), {.session = first->session.get()})->resumed());
  write(std::string(32, 'b') + std::string(32, 'a'));
  two.tls = nullptr;
  const auto rotated = connect(two.listener(), {.session = first->session.get()});
  EXPECT_TRUE(rotated->resumed());
  write(std::string(32, 'b'));
  two.tls = nullptr;
  EXPECT_FALSE(connect(two.listener(), {.session = first->session.get()})->resumed());
  EXPECT_TRUE(connect(two.listener(), {.session = rotated->session.get()})->resumed())
      << "it came with a ticket of the new key";
}

TEST_F(TicketKeyFile, OfAnotherSizeIsRefused) {
  for (const std::size_t size : {0, 31, 33, 17 * 32}) {
    const auto read = TicketKeys::read(write(std::string(size, 'x')), "proxy.toml:3:1");
    ASSERT_FALSE(read) << size;
    EXPECT_THAT(to_string(read.error()), HasSubstr("proxy.toml:3:1: the ticket key file"));
  }
  EXPECT_TRUE(TicketKeys::read(write(std::string(16 * 32, 'x')), ""));
  EXPECT_FALSE(TicketKeys::read(path() + ".none", ""));
}

}  // namespace
}  // namespace stead::proxy::test
