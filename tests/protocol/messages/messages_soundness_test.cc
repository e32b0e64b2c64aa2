// Every decoder: what comes back, and what is refused whatever the message.
#include <gtest/gtest.h>

#include "tests/protocol/refusals.h"
#include "tests/protocol/samples.h"

namespace stead {
namespace {

namespace s = samples;

TEST(Sound, Ticket) {
  expect_sound_der(s::ticket(), decode_ticket);
}
TEST(Sound, EncTicketPart) {
  expect_sound_der(s::enc_ticket_part(), decode_enc_ticket_part);
}
TEST(Sound, AuthorizationData) {
  expect_sound_der(s::authorization_data(), decode_authorization_data);
}
TEST(Sound, PaDataList) {
  expect_sound_der(s::padata(), decode_padata_list);
}
// Requests also come with long forms of lengths.
void expect_sound_request(const KdcReq& request) {
  expect_round_trip(request, decode_kdc_req, [](const KdcReq& value) { return encode(value); });
  const Buffer whole = encode(request);
  expect_refuses_every_prefix(whole, decode_kdc_req);
  expect_refuses_trailing_byte(whole, decode_kdc_req);
  Buffer longer = whole;
  ASSERT_GE(longer[1], 0x80);
  ++longer[1];
  longer.insert(longer.begin() + 2, 0x00);
  EXPECT_TRUE(decode_kdc_req(longer).has_value());
  expect_refuses_every_prefix(longer, decode_kdc_req);
  longer[1] = 0x80;
  EXPECT_EQ(decode_kdc_req(longer).error(), make_error_code(WireErrc::bad_length));
}

TEST(Sound, AsReq) {
  expect_sound_request(s::as_req());
}
TEST(Sound, TgsReq) {
  expect_sound_request(s::tgs_req());
}
TEST(Sound, KdcReqBody) {
  expect_sound_der(s::kdc_req_body(), decode_kdc_req_body);
}
TEST(Sound, PaFxFastRequest) {
  expect_sound_der(s::fast_armored_req(), decode_pa_fx_fast_request);
  expect_sound_der(FastArmoredReq{{}, s::checksum(), s::encrypted_data()}, decode_pa_fx_fast_request);
}
TEST(Sound, FastReq) {
  const auto written = [](const FastReq& value) { return encode(value); };
  expect_round_trip(s::fast_req(), decode_fast_req, written);
  expect_refuses_every_prefix(encode(s::fast_req()), decode_fast_req);
  expect_refuses_trailing_byte(encode(s::fast_req()), decode_fast_req);
}
TEST(Sound, PaFxFastReply) {
  expect_sound_der(s::encrypted_data(), decode_pa_fx_fast_reply, encode_pa_fx_fast_reply);
}
TEST(Sound, FastResponse) {
  expect_sound_der(s::fast_response(), decode_fast_response);
  expect_sound_der(FastResponse{{}, {}, {}, 5}, decode_fast_response);
}
TEST(Sound, AsRep) {
  expect_sound_der(s::kdc_rep(MessageType::as_rep), decode_kdc_rep);
}
TEST(Sound, TgsRep) {
  expect_sound_der(s::kdc_rep(MessageType::tgs_rep), decode_kdc_rep);
}
TEST(Sound, ApReq) {
  expect_sound_der(s::ap_req(), decode_ap_req);
}
TEST(Sound, ApRep) {
  expect_sound_der(s::ap_rep(), decode_ap_rep);
}
TEST(Sound, Authenticator) {
  expect_sound_der(s::authenticator(), decode_authenticator);
}
TEST(Sound, EncApRepPart) {
  expect_sound_der(s::enc_ap_rep_part(), decode_enc_ap_rep_part);
}
TEST(Sound, KrbError) {
  expect_sound_der(s::krb_error(), decode_krb_error);
}
TEST(Sound, KerbErrorData) {
  expect_sound_der(KerbErrorData{3, NtStatus::STATUS_NOT_FOUND, 1}, decode_kerb_error_data);
}
TEST(Sound, PaEncTsEnc) {
  expect_sound_der(s::pa_enc_ts_enc(), decode_pa_enc_ts_enc);
}
TEST(Sound, EtypeInfo2) {
  expect_sound_der(s::etype_info2(), decode_etype_info2);
}
TEST(Sound, PaPacRequest) {
  expect_sound_der(true, decode_pa_pac_request, encode_pa_pac_request);
}
TEST(Sound, PaPacOptions) {
  expect_sound_der(pac_option::claims, decode_pa_pac_options, encode_pa_pac_options);
}
TEST(Sound, EncryptedData) {
  expect_sound_der(s::encrypted_data(), decode_encrypted_data);
}
TEST(Sound, Checksum) {
  expect_sound_der(s::checksum(), decode_checksum);
}
TEST(Sound, PaForUser) {
  expect_sound_der(s::pa_for_user(), decode_pa_for_user);
}
TEST(Sound, PaS4uX509User) {
  expect_sound_der(s::pa_s4u_x509_user(), decode_pa_s4u_x509_user);
}
TEST(Sound, KrbPriv) {
  expect_sound_der(s::encrypted_data(), decode_krb_priv, encode_krb_priv);
}
TEST(Sound, EncKrbPrivPart) {
  expect_sound_der(s::enc_krb_priv_part(), decode_enc_krb_priv_part);
}
TEST(Sound, KrbCred) {
  expect_sound_der(s::krb_cred(), decode_krb_cred);
}
TEST(Sound, EncKrbCredPart) {
  expect_sound_der(s::enc_krb_cred_part(), decode_enc_krb_cred_part);
}
TEST(Sound, ChangePasswdData) {
  expect_sound_der(s::change_passwd_data(), decode_change_passwd_data);
}
TEST(Sound, NegTokenInit) {
  expect_sound_der(s::neg_token_init(), decode_neg_token_init);
}
TEST(Sound, NegTokenResp) {
  expect_sound_der(s::neg_token_resp(), decode_neg_token_resp);
}
TEST(Sound, KrbToken) {
  expect_sound_der(s::krb_token(), decode_krb_token);
}

// One bit of the tag tells 25 from 24, but 26 is taken as well.
TEST(Sound, EncKdcRepPart) {
  for (const MessageType type : {MessageType::as_rep, MessageType::tgs_rep}) {
    const auto value = s::enc_kdc_rep_part(type);
    expect_round_trip(value, decode_enc_kdc_rep_part, [](const EncKdcRepPart& v) { return encode(v); });
    const SecretBuffer der = encode(value);
    expect_refuses_every_prefix(to_buffer(der), decode_enc_kdc_rep_part);
    expect_refuses_trailing_byte(to_buffer(der), decode_enc_kdc_rep_part);
  }
}

// Optional fields left out one and all.
TEST(Bare, MessagesGoThereAndBack) {
  const auto encode_any = [](const auto& value) { return encode(value); };
  expect_round_trip(EncTicketPart{}, decode_enc_ticket_part, encode_any);
  expect_round_trip(KdcReq{}, decode_kdc_req, encode_any);
  expect_round_trip(KdcReq{MessageType::tgs_req, {}, {}, {}}, decode_kdc_req, encode_any);
  expect_round_trip(KdcRep{}, decode_kdc_rep, encode_any);
  expect_round_trip(EncKdcRepPart{}, decode_enc_kdc_rep_part, encode_any);
  expect_round_trip(Authenticator{}, decode_authenticator, encode_any);
  expect_round_trip(EncApRepPart{}, decode_enc_ap_rep_part, encode_any);
  expect_round_trip(KrbError{}, decode_krb_error, encode_any);
  expect_round_trip(PaEncTsEnc{}, decode_pa_enc_ts_enc, encode_any);
  expect_round_trip(PaForUser{}, decode_pa_for_user, encode_any);
  expect_round_trip(PaS4uX509User{}, decode_pa_s4u_x509_user, encode_any);
  expect_round_trip(EncKrbPrivPart{}, decode_enc_krb_priv_part, encode_any);
  expect_round_trip(KrbCred{}, decode_krb_cred, encode_any);
  expect_round_trip(EncKrbCredPart{{KrbCredInfo{}}, {}, {}, {}, {}, {}}, decode_enc_krb_cred_part, encode_any);
  expect_round_trip(ChangePasswdData{}, decode_change_passwd_data, encode_any);
  expect_round_trip(NegTokenInit{}, decode_neg_token_init, encode_any);
  expect_round_trip(NegTokenResp{}, decode_neg_token_resp, encode_any);
}

}  // namespace
}  // namespace stead
