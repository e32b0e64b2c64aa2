// A second opinion on our PACs and their signatures: libkrb5 verifies ours, we verify its.
#include <chrono>
#include <cstdint>
#include <utility>

#include <krb5.h>

#include <gmock/gmock.h>

#include "sspi_shim/protocol/pac/pac.h"
#include "sspi_shim/protocol/pac/pac_buffers.h"
#include "sspi_shim/protocol/pac/pac_logon_info.h"
#include "tests/protocol/pac/pac_vectors.h"

// Exported by libkrb5 since ever, declared in no installed header.
extern "C" krb5_error_code decode_krb5_enc_tkt_part(const krb5_data* der, krb5_enc_tkt_part** out);
extern "C" krb5_error_code encode_krb5_enc_tkt_part(const krb5_enc_tkt_part* part, krb5_data** out);
extern "C" void krb5_free_enc_tkt_part(krb5_context context, krb5_enc_tkt_part* part);

namespace stead {
namespace {

constexpr std::int32_t kAuthTime = 1700000000;

krb5_data borrow(Bytes bytes) {
  return {0, unsigned(bytes.size()), const_cast<char*>(reinterpret_cast<const char*>(bytes.data()))};
}
Bytes view(const krb5_data& data) {
  return {reinterpret_cast<const std::uint8_t*>(data.data), data.length};
}
krb5_keyblock borrow(const Key& key) {
  return {0, krb5_enctype(key.type()), unsigned(key.value().size()), const_cast<krb5_octet*>(key.value().data())};
}

class LibKrb5Pac : public testing::TestWithParam<std::pair<EncType, EncType>> {
 protected:
  void SetUp() override {
    ASSERT_EQ(krb5_init_context(&context), 0);
    ASSERT_EQ(krb5_parse_name(context, "alice@CORP.EXAMPLE", &alice), 0);
    ASSERT_EQ(krb5_parse_name(context, "HTTP/web.corp.example@CORP.EXAMPLE", &web), 0);
    ASSERT_EQ(krb5_parse_name(context, "krbtgt/CORP.EXAMPLE@CORP.EXAMPLE", &krbtgt), 0);
  }
  void TearDown() override {
    for (krb5_principal name : {alice, web, krbtgt}) krb5_free_principal(context, name);
    krb5_free_context(context);
  }

  // libkrb5's verdict on an EncTicketPart of ours.
  krb5_error_code kdc_verify(Bytes der, krb5_const_principal server_name) {
    const krb5_data data = borrow(der);
    krb5_enc_tkt_part* part = nullptr;
    if (const krb5_error_code failed = decode_krb5_enc_tkt_part(&data, &part)) return failed;
    krb5_pac pac = nullptr;
    const krb5_keyblock server_block = borrow(server), kdc_block = borrow(kdc);
    krb5_error_code failed = krb5_kdc_verify_ticket(context, part, server_name, &server_block, &kdc_block, &pac);
    if (!failed && !pac) failed = KRB5KRB_AP_ERR_MODIFIED;
    krb5_pac_free(context, pac);
    krb5_free_enc_tkt_part(context, part);
    return failed;
  }
  krb5_error_code pac_verify(Bytes bytes, bool with_realm) {
    krb5_pac pac = nullptr;
    if (const krb5_error_code failed = krb5_pac_parse(context, bytes.data(), bytes.size(), &pac)) return failed;
    const krb5_keyblock server_block = borrow(server), kdc_block = borrow(kdc);
    const krb5_error_code failed =
        krb5_pac_verify_ext(context, pac, kAuthTime, alice, &server_block, &kdc_block, with_realm);
    krb5_pac_free(context, pac);
    return failed;
  }

  krb5_context context = nullptr;
  krb5_principal alice = nullptr, web = nullptr, krbtgt = nullptr;
  const Key server = Key::random(GetParam().first), kdc = Key::random(GetParam().second);
};

Pac alices_pac(const char* client_name) {
  PacLogonInfo logon;
  logon.effective_name = "alice";
  logon.logon_domain_id = Sid{5, {21, 1, 2, 3}};
  logon.user_id = 1104;
  const Time authtime{std::chrono::seconds(kAuthTime)};
  return {
      {{PacType::logon_info, encode(logon)},
       {PacType::client_info, encode(PacClientInfo{to_filetime(authtime), client_name})},
       {PacType::s4u_delegation_info, encode(S4uDelegationInfo{"cifs/fs", {"HTTP/web.corp.example@CORP.EXAMPLE"}})}}};
}
EncTicketPart alices_part() {
  EncTicketPart part;
  part.flags = ticket_flag::forwardable | ticket_flag::pre_authent;
  part.key = {EncType::aes256_cts_hmac_sha1_96, SecretBuffer(32, 0x77)};
  part.crealm = "CORP.EXAMPLE";
  part.cname = {NameType::principal, {"alice"}};
  part.authtime = Time(std::chrono::seconds(kAuthTime));
  part.starttime = part.authtime;
  part.endtime = part.authtime + std::chrono::hours(10);
  part.authorization_data = {
      {AdType::if_relevant, encode(AuthorizationData{{AdType::token_restrictions, Buffer(5, 0x44)}})}};
  return part;
}

TEST_P(LibKrb5Pac, AcceptsOurServiceTicket) {
  EncTicketPart part = alices_part();
  const SecretBuffer der = encode_with_signed_pac(part, alices_pac("alice"), server, kdc, PacSignatures::all_four);
  EXPECT_EQ(kdc_verify(der, web), 0);
  EXPECT_EQ(pac_verify(pac_bytes_of(part).value(), false), 0);
}

TEST_P(LibKrb5Pac, AcceptsOurTgt) {
  EncTicketPart part = alices_part();
  const SecretBuffer der =
      encode_with_signed_pac(part, alices_pac("alice@CORP.EXAMPLE"), server, kdc, PacSignatures::server_and_kdc);
  EXPECT_EQ(kdc_verify(der, krbtgt), 0);
  EXPECT_NE(kdc_verify(der, web), 0);  // a service ticket needs the ticket signature
  EXPECT_EQ(pac_verify(pac_bytes_of(part).value(), true), 0);
}

TEST_P(LibKrb5Pac, RefusesOurServiceTicketOnceChanged) {
  EncTicketPart part = alices_part();
  (void)encode_with_signed_pac(part, alices_pac("alice"), server, kdc, PacSignatures::all_four);
  part.flags ^= ticket_flag::forwardable;
  EXPECT_NE(kdc_verify(encode(part), web), 0);
}

TEST_P(LibKrb5Pac, ItsServiceTicketIsAcceptedByUs) {
  const SecretBuffer bare = encode(alices_part());
  const krb5_data data = borrow(bare);
  krb5_enc_tkt_part* part = nullptr;
  ASSERT_EQ(decode_krb5_enc_tkt_part(&data, &part), 0);
  krb5_pac pac = nullptr;
  ASSERT_EQ(krb5_pac_init(context, &pac), 0);
  const Buffer logon = *alices_pac("alice").find(PacType::logon_info);
  const krb5_data logon_data = borrow(logon);
  ASSERT_EQ(krb5_pac_add_buffer(context, pac, KRB5_PAC_LOGON_INFO, &logon_data), 0);
  const krb5_keyblock server_block = borrow(server), kdc_block = borrow(kdc);
  ASSERT_EQ(krb5_kdc_sign_ticket(context, part, pac, web, alice, &server_block, &kdc_block, 0), 0);
  krb5_data* encoded = nullptr;
  ASSERT_EQ(encode_krb5_enc_tkt_part(part, &encoded), 0);
  const SecretBuffer der = to_secret(view(*encoded));
  krb5_free_data(context, encoded);
  krb5_pac_free(context, pac);
  krb5_free_enc_tkt_part(context, part);

  const Buffer theirs = pac_bytes_of(decode_enc_ticket_part(der).value()).value();
  EXPECT_TRUE(verify_server_signature(theirs, server));
  EXPECT_TRUE(verify_kdc_signature(theirs, kdc));
  EXPECT_TRUE(verify_ticket_signature(der, theirs, kdc));
  const Pac decoded = decode_pac(theirs).value();
  EXPECT_EQ(*decoded.find(PacType::logon_info), logon);
  const PacClientInfo client = decode_pac_client_info(*decoded.find(PacType::client_info)).value();
  EXPECT_EQ(client.name, "alice");
  EXPECT_EQ(from_filetime(client.client_id), Time(std::chrono::seconds(kAuthTime)));
}

TEST_P(LibKrb5Pac, ItsBarePacIsAcceptedByUs) {
  krb5_pac pac = nullptr;
  ASSERT_EQ(krb5_pac_init(context, &pac), 0);
  const Buffer odd(37, 0x5a);
  const krb5_data odd_data = borrow(odd);
  ASSERT_EQ(krb5_pac_add_buffer(context, pac, KRB5_PAC_UPN_DNS_INFO, &odd_data), 0);
  const krb5_keyblock server_block = borrow(server), kdc_block = borrow(kdc);
  krb5_data signed_data{};
  ASSERT_EQ(krb5_pac_sign_ext(context, pac, kAuthTime, alice, &server_block, &kdc_block, 1, &signed_data), 0);
  EXPECT_TRUE(verify_server_signature(view(signed_data), server));
  EXPECT_TRUE(verify_kdc_signature(view(signed_data), kdc));
  const Pac decoded = decode_pac(view(signed_data)).value();
  EXPECT_EQ(decode_pac_client_info(*decoded.find(PacType::client_info)).value().name, "alice@CORP.EXAMPLE");
  krb5_free_data_contents(context, &signed_data);
  krb5_pac_free(context, pac);
}

INSTANTIATE_TEST_SUITE_P(Keys, LibKrb5Pac,
                         testing::Values(std::pair(EncType::aes256_cts_hmac_sha1_96, EncType::aes256_cts_hmac_sha1_96),
                                         std::pair(EncType::aes128_cts_hmac_sha1_96, EncType::aes256_cts_hmac_sha1_96),
                                         std::pair(EncType::aes128_cts_hmac_sha256_128,
                                                   EncType::aes256_cts_hmac_sha384_192),
                                         std::pair(EncType::rc4_hmac, EncType::aes256_cts_hmac_sha1_96),
                                         std::pair(EncType::rc4_hmac, EncType::rc4_hmac)));

}  // namespace
}  // namespace stead
