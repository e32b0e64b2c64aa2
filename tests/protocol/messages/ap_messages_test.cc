#include "sspi_shim/protocol/messages/ap_messages.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "sspi_shim/base/hex.h"
#include "sspi_shim/protocol/messages/kpasswd_messages.h"
#include "tests/protocol/refusals.h"
#include "tests/protocol/samples.h"

namespace stead {
namespace {

TEST(GssChecksum, GoesThereAndBack) {
  const auto encode_any = [](const GssChecksum& value) { return encode(value); };
  expect_round_trip(samples::gss_checksum(), decode_gss_checksum, encode_any);
  expect_round_trip(GssChecksum{}, decode_gss_checksum, encode_any);
  expect_refuses_every_prefix(encode(samples::gss_checksum()), decode_gss_checksum);
  // Length 16, no bindings, mutual and integrity.
  EXPECT_EQ(to_hex(encode(GssChecksum{{}, gss_flag::mutual | gss_flag::integrity, {}})),
            "10000000"
            "00000000000000000000000000000000"
            "22000000");
}

TEST(GssChecksum, ToleratesExtensionsAndNothingElse) {
  Buffer bytes = encode(GssChecksum{{}, gss_flag::mutual, {}});
  append(bytes, from_hex("0000000100000000"));
  EXPECT_EQ(decode_gss_checksum(bytes).value().flags, gss_flag::mutual);
  bytes[0] = 17;
  EXPECT_EQ(decode_gss_checksum(bytes).error(), make_error_code(WireErrc::bad_value));
  Buffer delegated = encode(samples::gss_checksum());
  delegated[24] = 2;
  EXPECT_EQ(decode_gss_checksum(delegated).error(), make_error_code(WireErrc::unsupported));
  delegated[24] = 1;
  delegated[27] = 0xff;
  EXPECT_EQ(decode_gss_checksum(delegated).error(), make_error_code(WireErrc::truncated));
}

TEST(ChannelBindings, AreTheMd5OfTheWholeStructure) {
  // md5 of 16 zero bytes, the length little-endian, the data.
  EXPECT_EQ(to_hex(channel_bindings_md5(as_bytes("tls-server-end-point:abc"))), "feb0fffbc725957540b287e8c838dfd9");
  EXPECT_EQ(to_hex(channel_bindings_md5({})), "441018525208457705bf09a8ee3c1093");
}

TEST(Authenticator, RefusesAnotherVersionAndMicrosecondsOutOfRange) {
  Authenticator value = samples::authenticator();
  value.cusec = 1000000;
  EXPECT_EQ(decode_authenticator(encode(value)).error(), make_error_code(WireErrc::bad_value));
  Buffer der = to_buffer(encode(samples::authenticator()));
  const Buffer version{0xa0, 0x03, 0x02, 0x01, 0x05};
  std::search(der.begin(), der.end(), version.begin(), version.end())[4] = 6;
  EXPECT_EQ(decode_authenticator(der).error(), make_error_code(WireErrc::unsupported));
}

TEST(KpasswdFrame, GoesThereAndBack) {
  const auto encode_any = [](const KpasswdFrame& value) { return encode(value); };
  expect_round_trip(samples::kpasswd_frame(), decode_kpasswd_frame, encode_any);
  expect_round_trip(KpasswdFrame{1, {}, encode(samples::krb_error())}, decode_kpasswd_frame, encode_any);
  expect_refuses_every_prefix(encode(samples::kpasswd_frame()), decode_kpasswd_frame);
  expect_refuses_trailing_byte(encode(samples::kpasswd_frame()), decode_kpasswd_frame);
  EXPECT_EQ(to_hex(encode(KpasswdFrame{kKpasswdSet, {0xaa}, {0xbb, 0xcc}})), "0009ff800001aabbcc");
}

TEST(KpasswdFrame, RefusesWhatDoesNotFit) {
  EXPECT_EQ(decode_kpasswd_frame(from_hex("0009ff800004aabbcc")).error(), make_error_code(WireErrc::bad_length));
  EXPECT_EQ(decode_kpasswd_frame(from_hex("000900020001aabbcc")).error(), make_error_code(WireErrc::unsupported));
  EXPECT_TRUE(encode(KpasswdFrame{1, Buffer(65530), {}}).empty());
  EXPECT_EQ(encode(KpasswdFrame{1, Buffer(65529), {}}).size(), 65535u);
}

}  // namespace
}  // namespace stead
