#include "sspi_shim/protocol/pac/pac_buffers.h"

#include <chrono>
#include <cstddef>

#include <gmock/gmock.h>

#include "sspi_shim/base/hex.h"
#include "sspi_shim/protocol/pac/pac_logon_info.h"
#include "tests/protocol/pac/pac_vectors.h"

namespace stead {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;

TEST(FileTime, CountsFrom1601) {
  EXPECT_EQ(to_filetime(sys_seconds(seconds(0))), 116444736000000000u);
  EXPECT_EQ(to_filetime(sys_seconds(seconds(1120440609))), 0x01c58037ea286680u);  // win2003_pac's authtime
  EXPECT_EQ(from_filetime(0x01c58037ea286680), sys_seconds(seconds(1120440609)));
  EXPECT_EQ(to_filetime(sys_seconds(seconds(-11644473601))), 0u);
  EXPECT_EQ(to_filetime(sys_seconds::max()), kFileTimeNever);
  EXPECT_GT(from_filetime(kFileTimeNever), sys_seconds(seconds(1'000'000'000'000 / 2)));
}

TEST(PacClientInfo, OfAWindowsDc) {
  const Buffer bytes = pac_vector("gokrb5_client_info");
  const auto info = decode_pac_client_info(bytes);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->name, "testuser1");
  EXPECT_EQ(info->client_id, 0x01d2c680dcd18d80u);
  EXPECT_EQ(encode(*info), bytes);
}

TEST(PacClientInfo, TakesPaddingThatWasCounted) {
  Buffer bytes = encode(PacClientInfo{5, "alice@CORP.EXAMPLE"});
  bytes.resize(bytes.size() + 6);
  EXPECT_EQ(decode_pac_client_info(bytes).value(), (PacClientInfo{5, "alice@CORP.EXAMPLE"}));
}

TEST(PacClientInfo, RefusesMalformedBytes) {
  EXPECT_EQ(decode_pac_client_info(from_hex("0000000000000000 00")).error(), WireErrc::truncated);
  EXPECT_EQ(decode_pac_client_info(from_hex("0000000000000000 0400 6100")).error(), WireErrc::truncated);
  EXPECT_EQ(decode_pac_client_info(from_hex("0000000000000000 0100 6100")).error(), WireErrc::bad_length);
  EXPECT_EQ(decode_pac_client_info(from_hex("0000000000000000 0200 6100 0000000000000000")).error(),
            WireErrc::trailing_bytes);
  EXPECT_EQ(decode_pac_client_info(from_hex("0000000000000000 feff")).error(), WireErrc::too_large);
}

TEST(S4uDelegationInfo, HasTheLayoutOfNdr) {
  const S4uDelegationInfo info{"cifs/b", {"HTTP/a@R"}};
  EXPECT_EQ(to_hex(encode(info)), to_hex(from_hex("01100800cccccccc 5800000000000000 00000200"
                                                  "0c00 0c00 04000200 01000000 08000200"
                                                  "06000000 00000000 06000000 63006900 66007300 2f006200"
                                                  "01000000 1000 1000 0c000200"
                                                  "08000000 00000000 08000000 48005400 54005000 2f006100 40005200"
                                                  "00000000")));
}

TEST(S4uDelegationInfo, SurvivesTheRoundTrip) {
  for (const S4uDelegationInfo& info :
       {S4uDelegationInfo{}, S4uDelegationInfo{"HTTP/b", {}},
        S4uDelegationInfo{"HTTP/c.example", {"HTTP/a.example@A.EXAMPLE", "", "HTTP/b.example@B.EXAMPLE"}}})
    EXPECT_EQ(decode_s4u_delegation_info(encode(info)).value(), info);
}

TEST(S4uDelegationInfo, RefusesEveryPrefixAndLyingCounts) {
  const Buffer whole = encode(S4uDelegationInfo{"cifs/b", {"HTTP/a@R"}});
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(decode_s4u_delegation_info(Bytes(whole).first(size))) << size;
  Buffer count = whole;
  store_le32(&count[28], 0x10000000);
  EXPECT_EQ(decode_s4u_delegation_info(count).error(), WireErrc::bad_value);
  store_le32(&count[60], 0x10000000);
  EXPECT_EQ(decode_s4u_delegation_info(count).error(), WireErrc::too_large);
  Buffer null = whole;
  store_le32(&null[32], 0);
  EXPECT_EQ(decode_s4u_delegation_info(null).error(), WireErrc::bad_value);
}

TEST(UpnDnsInfo, OfAWindowsDc) {
  const auto info = decode_upn_dns_info(pac_vector("gokrb5_upn_dns_info"));
  ASSERT_TRUE(info);
  EXPECT_EQ(info->upn, "testuser1@test.gokrb5");
  EXPECT_EQ(info->dns_domain_name, "TEST.GOKRB5");
  EXPECT_EQ(info->flags, 0u);
  EXPECT_FALSE(info->sid);
  EXPECT_EQ(decode_upn_dns_info(encode(*info)).value(), *info);
}

TEST(UpnDnsInfo, ExtendedPartsAreAlignedTo8) {
  UpnDnsInfo info{"alice@corp.example", "CORP.EXAMPLE", 3, "alice", Sid{5, {21, 1, 2, 3, 1104}}};
  const Buffer bytes = encode(info);
  EXPECT_EQ(to_hex(Bytes(bytes).first(20)), to_hex(from_hex("2400 1800 1800 4000 03000000 0a00 5800 1c00 6800")));
  EXPECT_EQ(decode_upn_dns_info(bytes).value(), info);
  EXPECT_EQ(bytes.size(), 0x68u + 0x20);  // the SID's 0x1c octets and padding, which DCs count
  info.sid.reset();
  info.sam_name.clear();
  EXPECT_EQ(decode_upn_dns_info(encode(info)).value(), info);
}

TEST(UpnDnsInfo, RefusesMalformedBytes) {
  struct Refused {
    const char* hex;
    WireErrc why;
  };
  for (const Refused& row :
       {Refused{"", WireErrc::truncated}, Refused{"0000 0000 0000 0000 000000", WireErrc::truncated},
        Refused{"0200 0c00 0000 0000 00000000", WireErrc::truncated},
        Refused{"0200 ffff 0000 0000 00000000 6100", WireErrc::truncated},
        Refused{"0100 0c00 0000 0000 00000000 6100", WireErrc::bad_length},
        Refused{"feff 0c00 0000 0000 00000000 6100", WireErrc::too_large},
        Refused{"0000 0000 0000 0000 02000000", WireErrc::truncated},
        Refused{"0000 0000 0000 0000 02000000 0000 0000 0400 1400 01020304", WireErrc::truncated},
        Refused{"0000 0000 0000 0000 02000000 0000 0000 0900 1400 0100000000000005 00", WireErrc::trailing_bytes}})
    EXPECT_EQ(decode_upn_dns_info(from_hex(row.hex)).error(), row.why) << row.hex;
}

TEST(PacAttributes, AreOneWordOfTwoBits) {
  EXPECT_EQ(to_hex(encode_pac_attributes(1)), "0200000001000000");
  EXPECT_EQ(decode_pac_attributes(from_hex("02000000 02000000")).value(), 2u);
  EXPECT_EQ(decode_pac_attributes(from_hex("21000000 02000000 00000000")).value(), 2u);
  EXPECT_EQ(decode_pac_attributes(from_hex("020000")).error(), WireErrc::truncated);
  EXPECT_EQ(decode_pac_attributes(from_hex("02000000 0200")).error(), WireErrc::truncated);
  EXPECT_EQ(decode_pac_attributes(from_hex("00000000")).error(), WireErrc::bad_value);
  EXPECT_EQ(decode_pac_attributes(from_hex("ffffffff 02000000")).error(), WireErrc::bad_value);
  EXPECT_EQ(decode_pac_attributes(from_hex("02000000 02000000 00")).error(), WireErrc::trailing_bytes);
}

}  // namespace
}  // namespace stead
