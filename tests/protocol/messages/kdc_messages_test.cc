#include "sspi_shim/protocol/messages/kdc_messages.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "sspi_shim/base/hex.h"
#include "sspi_shim/protocol/messages/preauth.h"
#include "tests/protocol/samples.h"

namespace stead {
namespace {

// Replaces the one place where `from` stands.
Buffer replaced(Buffer der, const Buffer& from, const Buffer& to) {
  const auto at = std::search(der.begin(), der.end(), from.begin(), from.end());
  EXPECT_NE(at, der.end());
  std::copy(to.begin(), to.end(), at);
  return der;
}

TEST(KdcReq, KeepsItsBodyAsReceived) {
  // A nonce as a signed integer, and flags one bit long: others than we would write.
  const Buffer body = from_hex(
      "304e a004 03020700 a20b1b09412e4558414d504c45 a511180f32303337303931333032343830355a a703 0201fe"
      "a805 3003020112 a912 3010 300e a003020102 a1070405 0102030405");
  Buffer request = from_hex("6a00 3000 a103020105 a20302010a a400");
  append(request, body);
  request[request.size() - body.size() - 1] = std::uint8_t(body.size());
  // Lengths are filled in by hand, from the inside out.
  Buffer fixed = body;
  fixed[1] = std::uint8_t(body.size() - 2);
  std::copy(fixed.begin(), fixed.end(), request.end() - std::ptrdiff_t(fixed.size()));
  request[3] = std::uint8_t(request.size() - 4);
  request[1] = std::uint8_t(request.size() - 2);

  const Result<KdcReq> decoded = decode_kdc_req(request);
  ASSERT_TRUE(decoded.has_value()) << decoded.error().message();
  EXPECT_EQ(decoded->body.nonce, 0xfffffffe);
  EXPECT_EQ(decoded->body.options, 0u);
  EXPECT_EQ(to_hex(decoded->body_der), to_hex(fixed));
  EXPECT_EQ(to_hex(encode(*decoded)), to_hex(request));
  EXPECT_NE(to_hex(encode(decoded->body)), to_hex(fixed));
}

TEST(KdcReq, BodyDerIsWhatTheBodyEncodesTo) {
  const KdcReq decoded = decode_kdc_req(encode(samples::tgs_req())).value();
  EXPECT_EQ(to_hex(decoded.body_der), to_hex(encode(samples::kdc_req_body())));
  EXPECT_TRUE(decode_kdc_req_body(decoded.body_der).value() == samples::kdc_req_body());
}

TEST(KdcReq, OfAnotherVersionOrTypeIsRefused) {
  const Buffer der = encode(samples::as_req());
  EXPECT_EQ(decode_kdc_req(replaced(der, from_hex("a103020105"), from_hex("a103020104"))).error(),
            make_error_code(WireErrc::unsupported));
  EXPECT_EQ(decode_kdc_req(replaced(der, from_hex("a20302010a"), from_hex("a20302010c"))).error(),
            make_error_code(WireErrc::bad_value));
  EXPECT_EQ(decode_kdc_req(encode(samples::kdc_rep(MessageType::as_rep))).error(), make_error_code(WireErrc::bad_tag));
}

TEST(KdcReq, FieldsOutOfOrderAreRefused) {
  // cname [1] after realm [2]
  KdcReqBody body;
  body.realm = "A";
  Buffer der = encode(body);
  const Buffer cname = from_hex("a10e300ca003020101a10530031b0161");
  const Buffer realm = from_hex("a2031b0141");
  const auto at = std::search(der.begin(), der.end(), realm.begin(), realm.end());
  ASSERT_NE(at, der.end());
  Buffer ordered = der, swapped = der;
  ordered.insert(ordered.begin() + (at - der.begin()), cname.begin(), cname.end());
  swapped.insert(swapped.begin() + (at - der.begin()) + std::ptrdiff_t(realm.size()), cname.begin(), cname.end());
  ordered[1] = swapped[1] = std::uint8_t(ordered.size() - 2);
  EXPECT_TRUE(decode_kdc_req_body(ordered).has_value());
  EXPECT_EQ(decode_kdc_req_body(swapped).error(), make_error_code(WireErrc::bad_tag));
}

TEST(KdcReq, RefusesMoreThanAnybodySends) {
  KdcReqBody body;
  body.etypes.assign(128, EncType::rc4_hmac);
  EXPECT_TRUE(decode_kdc_req_body(encode(body)).has_value());
  body.etypes.assign(129, EncType::rc4_hmac);
  EXPECT_EQ(decode_kdc_req_body(encode(body)).error(), make_error_code(WireErrc::too_large));
  body.etypes.clear();
  body.additional_tickets.assign(17, samples::ticket());
  EXPECT_EQ(decode_kdc_req_body(encode(body)).error(), make_error_code(WireErrc::too_large));
}

TEST(KdcRep, TypeMustMatchItsTag) {
  const Buffer der = encode(samples::kdc_rep(MessageType::tgs_rep));
  EXPECT_EQ(decode_kdc_rep(replaced(der, from_hex("a10302010d"), from_hex("a10302010b"))).error(),
            make_error_code(WireErrc::bad_value));
}

TEST(EncKdcRepPart, IsReadUnderEitherTag) {
  SecretBuffer der = encode(samples::enc_kdc_rep_part(MessageType::as_rep));
  EXPECT_EQ(der[0], 0x79);
  EXPECT_EQ(decode_enc_kdc_rep_part(der).value().type, MessageType::as_rep);
  der[0] = 0x7a;
  EXPECT_EQ(decode_enc_kdc_rep_part(der).value().type, MessageType::tgs_rep);
  EXPECT_EQ(decode_enc_kdc_rep_part(der).value().nonce, 0x12345678u);
  der[0] = 0x7b;
  EXPECT_EQ(decode_enc_kdc_rep_part(der).error(), make_error_code(WireErrc::bad_tag));
}

TEST(PaPacOptions, AreTheBytesOfTheReference) {
  EXPECT_EQ(to_hex(encode_pa_pac_options(pac_option::resource_based_constrained_delegation)), "3009a00703050010000000");
}

TEST(PaSupportedEnctypes, AreFourRawBytes) {
  EXPECT_EQ(to_hex(encode_pa_supported_enctypes(0x5001f)), "1f000500");
  EXPECT_EQ(decode_pa_supported_enctypes(from_hex("1f000500")).value(), 0x5001fu);
  EXPECT_EQ(decode_pa_supported_enctypes(from_hex("1f0005")).error(), make_error_code(WireErrc::truncated));
  EXPECT_EQ(decode_pa_supported_enctypes(from_hex("1f00050000")).error(), make_error_code(WireErrc::trailing_bytes));
}

TEST(PaPacRequest, IsReadBothWays) {
  EXPECT_TRUE(decode_pa_pac_request(from_hex("3005a0030101ff")).value());
  EXPECT_FALSE(decode_pa_pac_request(from_hex("3005a003010100")).value());
}

TEST(PaEncTsEnc, RefusesMicrosecondsOutOfRange) {
  EXPECT_TRUE(decode_pa_enc_ts_enc(encode(PaEncTsEnc{samples::time(), 999999})).has_value());
  for (const int usec : {-1, 1000000}) {
    EXPECT_EQ(decode_pa_enc_ts_enc(encode(PaEncTsEnc{samples::time(), usec})).error(),
              make_error_code(WireErrc::bad_value));
  }
}

}  // namespace
}  // namespace stead
