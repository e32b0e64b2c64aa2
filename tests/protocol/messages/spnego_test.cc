#include "sspi_shim/protocol/messages/spnego.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "sspi_shim/base/hex.h"
#include "tests/protocol/refusals.h"
#include "tests/protocol/samples.h"

namespace stead {
namespace {

namespace s = samples;

Buffer ap_req() {
  return encode(s::ap_req());
}
Buffer init_with(std::vector<Buffer> mechs, Buffer token) {
  return encode(NegTokenInit{std::move(mechs), std::move(token)});
}

TEST(NegotiateToken, GivesTheApReqOfWhatClientsSend) {
  const Buffer krb = encode(s::krb_token());
  EXPECT_EQ(ap_req_of_negotiate_token(krb).value(), ap_req());  // raw, as curl built without SPNEGO
  EXPECT_EQ(ap_req_of_negotiate_token(init_with({mech_oid::kerberos}, krb)).value(), ap_req());
  // SSPI puts its own OID first; the token inside has the standard one, or the same.
  EXPECT_EQ(
      ap_req_of_negotiate_token(init_with({mech_oid::ms_kerberos, mech_oid::kerberos, mech_oid::ntlm}, krb)).value(),
      ap_req());
  Buffer ms_krb = krb;
  const auto oid = std::search(ms_krb.begin(), ms_krb.end(), mech_oid::kerberos.begin(), mech_oid::kerberos.end());
  std::copy(mech_oid::ms_kerberos.begin(), mech_oid::ms_kerberos.end(), oid);
  EXPECT_EQ(ap_req_of_negotiate_token(init_with({mech_oid::ms_kerberos}, ms_krb)).value(), ap_req());
  // impacket leaves the framing of the inner token out.
  EXPECT_EQ(ap_req_of_negotiate_token(init_with({mech_oid::ms_kerberos}, ap_req())).value(), ap_req());
}

TEST(NegotiateToken, RefusesEverythingElse) {
  const Buffer ntlm = to_buffer(as_bytes({"NTLMSSP\0\1\0\0\0", 12}));
  EXPECT_FALSE(ap_req_of_negotiate_token({}).has_value());
  EXPECT_FALSE(ap_req_of_negotiate_token(ntlm).has_value());
  EXPECT_FALSE(ap_req_of_negotiate_token(init_with({mech_oid::ntlm}, ntlm)).has_value());
  EXPECT_FALSE(ap_req_of_negotiate_token(init_with({mech_oid::kerberos}, {})).has_value());  // no optimistic token
  EXPECT_EQ(ap_req_of_negotiate_token(init_with({mech_oid::kerberos, {}}, encode(s::krb_token()))).error(),
            make_error_code(WireErrc::bad_value));
  EXPECT_FALSE(ap_req_of_negotiate_token(encode(KrbToken{KrbTokenId::ap_rep, ap_req()})).has_value());
  EXPECT_FALSE(ap_req_of_negotiate_token(encode(s::neg_token_resp())).has_value());
  EXPECT_FALSE(ap_req_of_negotiate_token(init_with({mech_oid::kerberos}, encode(s::neg_token_init()))).has_value());
  expect_refuses_every_prefix(encode(s::neg_token_init()), ap_req_of_negotiate_token);
  expect_refuses_every_prefix(encode(s::krb_token()), ap_req_of_negotiate_token);
  expect_refuses_trailing_byte(encode(s::neg_token_init()), ap_req_of_negotiate_token);
}

TEST(NtlmToken, IsKnownRawAndWithinSpnego) {
  const Buffer ntlm = to_buffer(as_bytes({"NTLMSSP\0\1\0\0\0", 12}));
  EXPECT_TRUE(is_ntlm_token(ntlm));
  EXPECT_TRUE(is_ntlm_token(init_with({mech_oid::ntlm}, ntlm)));
  EXPECT_TRUE(is_ntlm_token(init_with({mech_oid::ntlm}, {})));
  EXPECT_TRUE(is_ntlm_token(encode(NegTokenResp{NegState::accept_incomplete, {}, ntlm, {}})));
  EXPECT_FALSE(is_ntlm_token({}));
  EXPECT_FALSE(is_ntlm_token(as_bytes("NTLMSSP")));
  EXPECT_FALSE(is_ntlm_token(encode(s::neg_token_init())));  // NTLM only among the others it offers
  EXPECT_FALSE(is_ntlm_token(encode(s::krb_token())));
}

TEST(NegTokenInit, TakesFlagsMicAndWhatMayFollow) {
  // mechTypes { kerberos }, reqFlags, mechToken 41, mechListMIC 4242, and an unknown [4].
  const Buffer token = from_hex(
      "6033 06062b0601050502 a029 3027 a00d300b06092a864886f712010202 a104 03020186 a203 040141 a304 04024242 a404 "
      "0c027878");
  Buffer fixed = token;
  fixed[1] = std::uint8_t(token.size() - 2);
  fixed[11] = std::uint8_t(token.size() - 12);
  fixed[13] = std::uint8_t(token.size() - 14);
  const Result<NegTokenInit> decoded = decode_neg_token_init(fixed);
  ASSERT_TRUE(decoded.has_value()) << decoded.error().message();
  EXPECT_EQ(*decoded, (NegTokenInit{{mech_oid::kerberos}, {0x41}, {0x04, 0x02, 0x42, 0x42}, {0x01, 0x86}}));
}

TEST(NegTokenInit, RefusesAnotherMechanismsFraming) {
  EXPECT_EQ(decode_neg_token_init(encode(s::krb_token())).error(), make_error_code(WireErrc::unsupported));
  EXPECT_EQ(decode_neg_token_init(init_with(std::vector<Buffer>(33, mech_oid::ntlm), {})).error(),
            make_error_code(WireErrc::too_large));
}

TEST(NegTokenResp, RefusesAnUnknownState) {
  EXPECT_EQ(decode_neg_token_resp(from_hex("a1073005a0030a0100")).value().state, NegState::accept_completed);
  for (const char* state : {"04", "ff"}) {
    EXPECT_EQ(decode_neg_token_resp(from_hex(std::string("a1073005a0030a01") + state)).error(),
              make_error_code(WireErrc::bad_value));
  }
  EXPECT_EQ(decode_neg_token_resp(from_hex("a1023000")).value(), NegTokenResp{});
}

TEST(KrbToken, RefusesUnknownIds) {
  Buffer token = encode(KrbToken{KrbTokenId::ap_req, {0x41}});
  EXPECT_EQ(to_hex(token), "600e06092a864886f712010202010041");
  token[13] = 0x04;
  EXPECT_EQ(decode_krb_token(token).error(), make_error_code(WireErrc::unsupported));
  EXPECT_EQ(decode_krb_token(from_hex("600c06092a864886f71201020201")).error(), make_error_code(WireErrc::bad_length));
  EXPECT_EQ(decode_krb_token(from_hex("600906072b0601050502010041")).has_value(), false);
}

}  // namespace
}  // namespace stead
