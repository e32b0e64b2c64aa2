#include "sspi_shim/locate/dns/dns_srv.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/locate/fake_dc.h"

namespace stead {
namespace {

Buffer question() {
  Buffer out{0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0};
  test::put_name(out, "_kerberos._tcp.dc._msdcs.corp.test");
  append(out, Buffer{0, 33, 0, 1});
  return out;
}

const std::vector<SrvRecord> kRecords{{0, 100, 88, "dc1.corp.test", 600}, {10, 0, 8088, "dc2.corp.test", 60}};

TEST(DnsSrv, ReadsRecordsWithTheirTtl) {
  const auto records = decode_srv_answer(test::FakeDns::srv_answer(question(), kRecords));
  ASSERT_TRUE(records) << records.error().message();
  EXPECT_EQ(*records, kRecords);
}

TEST(DnsSrv, LeavesOutTheTargetThatMeansNoService) {
  const auto records = decode_srv_answer(test::FakeDns::srv_answer(question(), {{0, 0, 0, "", 600}}));
  ASSERT_TRUE(records);
  EXPECT_TRUE(records->empty());
}

TEST(DnsSrv, RefusesEveryTruncation) {
  const Buffer whole = test::FakeDns::srv_answer(question(), kRecords);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(decode_srv_answer(Bytes(whole).first(size))) << size;
  }
}

TEST(DnsSrv, SurvivesEveryChangedByte) {
  const Buffer whole = test::FakeDns::srv_answer(question(), kRecords);
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const int value : {0x00, 0x01, 0x3f, 0x7f, 0xc0, 0xff}) {
      Buffer changed = whole;
      changed[at] = static_cast<std::uint8_t>(value);
      (void)decode_srv_answer(changed);
    }
  }
}

TEST(DnsSrv, OrdersByPriorityAndDrawsByWeight) {
  const std::vector<SrvRecord> records{{10, 5, 1, "backup", 1}, {0, 10, 1, "light", 1}, {0, 90, 1, "heavy", 1}};
  const auto order = [&](std::uint32_t drawn) {
    std::vector<std::string> out;
    for (const auto& record : in_srv_order(records, [&](std::uint32_t highest) { return std::min(drawn, highest); }))
      out.push_back(record.target);
    return out;
  };
  EXPECT_THAT(order(0), testing::ElementsAre("light", "heavy", "backup"));
  EXPECT_THAT(order(10), testing::ElementsAre("light", "heavy", "backup"));
  EXPECT_THAT(order(11), testing::ElementsAre("heavy", "light", "backup"));
  EXPECT_THAT(order(100), testing::ElementsAre("heavy", "light", "backup"));
}

TEST(DnsSrv, RecordsWithoutWeightKeepTheirOrder) {
  const std::vector<SrvRecord> records{{0, 0, 1, "a", 1}, {0, 0, 1, "b", 1}, {0, 0, 1, "c", 1}};
  EXPECT_EQ(in_srv_order(records, [](std::uint32_t) { return 0U; }), records);
}

}  // namespace
}  // namespace stead
