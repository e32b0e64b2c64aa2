#include "sspi_shim/protocol/messages/krb_error.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "sspi_shim/base/hex.h"
#include "tests/protocol/samples.h"

namespace stead {
namespace {

KrbError with_e_data(Buffer e_data) {
  KrbError out = samples::krb_error();
  out.e_data = std::move(e_data);
  return out;
}

TEST(KerbErrorData, IsTheBytesOfTheReference) {
  EXPECT_EQ(to_hex(encode(KerbErrorData{3, NtStatus::STATUS_NOT_FOUND, 3})),
            "3015a103020103a20e040c250200c00000000003000000");
}

TEST(KerbErrorData, IsReadInItsOtherForms) {
  const KerbErrorData skew = decode_kerb_error_data(from_hex("3005a103020102")).value();
  EXPECT_EQ(skew.data_type, 2);
  EXPECT_FALSE(skew.status);
  // Other types' values are left alone; type 3 has twelve bytes at least.
  EXPECT_EQ(decode_kerb_error_data(from_hex("300aa103020101a2030401ff")).value().data_type, 1);
  EXPECT_EQ(decode_kerb_error_data(from_hex("300aa103020103a2030401ff")).error(), make_error_code(WireErrc::bad_value));
  EXPECT_EQ(decode_kerb_error_data(from_hex("3017a103020103a210040e250200c000000000010000000000")).value().status,
            NtStatus::STATUS_NOT_FOUND);
}

TEST(NtStatus, IsFoundInEitherForm) {
  const Buffer extended = encode(KerbErrorData{3, NtStatus::STATUS_NO_MATCH, 3});
  EXPECT_EQ(nt_status_of(with_e_data(extended)), NtStatus::STATUS_NO_MATCH);
  const PaDataList method_data{{PaType::etype_info2, {0x30, 0x00}},
                               {PaType::pw_salt, from_hex("720000c00000000001000000")}};
  EXPECT_EQ(nt_status_of(with_e_data(encode(method_data))), NtStatus::STATUS_ACCOUNT_DISABLED);
}

TEST(NtStatus, IsNeverMadeOfSomethingElse) {
  EXPECT_FALSE(nt_status_of(with_e_data({})));
  EXPECT_FALSE(nt_status_of(with_e_data(from_hex("deadbeef"))));
  EXPECT_FALSE(nt_status_of(with_e_data(encode(KerbErrorData{2, std::nullopt, 3}))));
  EXPECT_FALSE(nt_status_of(with_e_data(encode(PaDataList{{PaType::pw_salt, to_buffer(as_bytes("A.EXAMPLEbob"))}}))));
  EXPECT_FALSE(nt_status_of(with_e_data(from_hex("300f300da003020103a1060404250200c0"))));  // TYPED-DATA
}

TEST(MethodData, IsReadWhereItIsThere) {
  const PaDataList method_data{{PaType::enc_timestamp, {}}, {PaType::etype_info2, {0x30, 0x00}}};
  EXPECT_EQ(method_data_of(with_e_data(encode(method_data))), method_data);
  EXPECT_TRUE(method_data_of(with_e_data(encode(KerbErrorData{3, NtStatus::STATUS_NOT_FOUND, 3}))).empty());
  EXPECT_TRUE(method_data_of(with_e_data({1, 2, 3})).empty());
}

TEST(KrbError, ReadsTextThatCountsItsNul) {
  KrbError value = samples::krb_error();
  value.e_text = std::string("no such host\0", 13);
  EXPECT_EQ(decode_krb_error(encode(value)).value().e_text, "no such host");
}

TEST(KrbError, ToleratesFieldsBehindTheLastKnown) {
  KrbError value;
  value.e_data = {1};
  Buffer der = encode(value);
  append(der, from_hex("ad0404020506"));
  der[1] = std::uint8_t(der[1] + 6);
  der[3] = std::uint8_t(der[3] + 6);
  ASSERT_LT(der.size(), 128u);
  EXPECT_TRUE(decode_krb_error(der).value() == value);
}

TEST(KrbError, OfAnotherTypeIsRefused) {
  Buffer der = encode(samples::krb_error());
  const Buffer type{0xa1, 0x03, 0x02, 0x01, 0x1e};
  std::search(der.begin(), der.end(), type.begin(), type.end())[4] = 0x0b;
  EXPECT_EQ(decode_krb_error(der).error(), make_error_code(WireErrc::bad_value));
}

}  // namespace
}  // namespace stead
