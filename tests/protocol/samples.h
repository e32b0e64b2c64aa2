#pragma once
// One value of every message, every field filled, and its encoding: for the tests and for the seeds of the fuzz
// targets. tests/vectors/make_kerberos.py encodes the same values with another's encoder.
#include <chrono>
#include <optional>
#include <vector>

#include "sspi_shim/protocol/messages/ap_messages.h"
#include "sspi_shim/protocol/messages/fast.h"
#include "sspi_shim/protocol/messages/kdc_messages.h"
#include "sspi_shim/protocol/messages/kpasswd_messages.h"
#include "sspi_shim/protocol/messages/krb_cred.h"
#include "sspi_shim/protocol/messages/krb_error.h"
#include "sspi_shim/protocol/messages/netlogon.h"
#include "sspi_shim/protocol/messages/preauth.h"
#include "sspi_shim/protocol/messages/s4u_messages.h"
#include "sspi_shim/protocol/messages/spnego.h"

namespace stead::samples {

inline Time time(int seconds = 0) {
  return Time{std::chrono::seconds{1700000000 + seconds}};
}  // 2023-11-14 22:13:20

inline PrincipalName alice() {
  return {NameType::principal, {"alice"}};
}
inline PrincipalName web() {
  return {NameType::srv_inst, {"HTTP", "web.a.example"}};
}

inline EncryptedData encrypted_data() {
  return {EncType::aes256_cts_hmac_sha1_96, 3, Buffer(20, 0xc5)};
}
inline EncryptionKey key() {
  return {EncType::aes256_cts_hmac_sha1_96, SecretBuffer(32, 0x4b)};
}
inline Checksum checksum() {
  return {ChecksumType::hmac_sha1_96_aes256, Buffer(12, 0xcc)};
}
inline PaDataList padata() {
  return {{PaType::tgs_req, {1, 2, 3}}, {PaType::pac_options, encode_pa_pac_options(pac_option::claims)}};
}
inline AuthorizationData authorization_data() {
  return {{AdType::if_relevant, encode(AuthorizationData{{AdType::win2k_pac, {9, 8, 7}}})}};
}
inline std::vector<HostAddress> addresses() {
  return {{2, {192, 0, 2, 1}}, {20, to_buffer(as_bytes("WORKSTATION     "))}};
}

inline Ticket ticket() {
  return {"A.EXAMPLE", web(), encrypted_data()};
}

inline EncTicketPart enc_ticket_part() {
  EncTicketPart out;
  out.flags = ticket_flag::forwardable | ticket_flag::pre_authent;
  out.key = key();
  out.crealm = "A.EXAMPLE";
  out.cname = alice();
  out.transited = {1, to_buffer(as_bytes("EXAMPLE,B."))};
  out.authtime = time();
  out.starttime = time(1);
  out.endtime = time(36000);
  out.renew_till = time(604800);
  out.caddr = addresses();
  out.authorization_data = authorization_data();
  return out;
}

inline KdcReqBody kdc_req_body() {
  KdcReqBody out;
  out.options = kdc_option::forwardable | kdc_option::canonicalize | kdc_option::cname_in_addl_tkt;
  out.cname = alice();
  out.realm = "A.EXAMPLE";
  out.sname = web();
  out.from = time();
  out.till = time(36000);
  out.rtime = time(604800);
  out.nonce = 0x12345678;
  out.etypes = {EncType::aes256_cts_hmac_sha1_96, EncType::rc4_hmac, EncType(-133)};
  out.addresses = addresses();
  out.enc_authorization_data = encrypted_data();
  out.additional_tickets = {ticket()};
  return out;
}
inline KdcReq tgs_req() {
  return {MessageType::tgs_req, padata(), kdc_req_body(), {}};
}
inline KdcReq as_req() {
  KdcReq out{MessageType::as_req, {}, {}, {}};
  out.body.options = kdc_option::forwardable;
  out.body.cname = enterprise_name("alice@a.example");
  out.body.realm = "A.EXAMPLE";
  out.body.sname = krbtgt_name("A.EXAMPLE");
  out.body.till = time(36000);
  out.body.nonce = 7;
  out.body.etypes = {EncType::aes128_cts_hmac_sha1_96};
  return out;
}
inline KdcRep kdc_rep(MessageType type) {
  return {type, padata(), "A.EXAMPLE", alice(), ticket(), encrypted_data()};
}

inline EncKdcRepPart enc_kdc_rep_part(MessageType type) {
  EncKdcRepPart out;
  out.type = type;
  out.key = key();
  out.last_req = {{0, time()}, {6, time(86400)}};
  out.nonce = 0x12345678;
  out.key_expiration = time(86400);
  out.flags = ticket_flag::forwardable | ticket_flag::enc_pa_rep;
  out.authtime = time();
  out.starttime = time(1);
  out.endtime = time(36000);
  out.renew_till = time(604800);
  out.srealm = "A.EXAMPLE";
  out.sname = web();
  out.caddr = addresses();
  out.encrypted_padata = padata();
  return out;
}

inline ApReq ap_req() {
  return {ap_option::mutual_required, ticket(), encrypted_data()};
}
inline ApRep ap_rep() {
  return {encrypted_data()};
}
inline Authenticator authenticator() {
  return {"A.EXAMPLE", alice(), checksum(), 123456, time(), key(), 0x11223344, authorization_data()};
}
inline EncApRepPart enc_ap_rep_part() {
  return {time(), 654321, key(), 0x11223344};
}
inline GssChecksum gss_checksum() {
  return {Buffer(16, 0xab), gss_flag::delegate | gss_flag::mutual, {0x76, 0x02, 0x30, 0x00}};
}

inline KrbError krb_error() {
  KrbError out;
  out.ctime = time();
  out.cusec = 1;
  out.stime = time(300);
  out.susec = 999999;
  out.code = KrbErrc::KDC_ERR_BADOPTION;
  out.crealm = "A.EXAMPLE";
  out.cname = alice();
  out.realm = "B.EXAMPLE";
  out.sname = web();
  out.e_text = "no";
  out.e_data = encode(KerbErrorData{3, NtStatus::STATUS_NOT_FOUND, 3});
  return out;
}

inline FastArmoredReq fast_armored_req() {
  return {FastArmorData{kFastArmorApRequest, {1, 2, 3}}, checksum(), encrypted_data()};
}
inline FastReq fast_req() {
  return {fast_option::hide_client_names, padata(), kdc_req_body(), encode(kdc_req_body())};
}
inline FastResponse fast_response() {
  return {padata(), key(), FastFinished{time(), 12, "A.EXAMPLE", alice(), checksum()}, 0x81234567};
}
inline PaEncTsEnc pa_enc_ts_enc() {
  return {time(), 5};
}
inline std::vector<EtypeInfo2Entry> etype_info2() {
  return {{EncType::aes256_cts_hmac_sha1_96, "A.EXAMPLEalice", {0, 0, 0x10, 0}}, {EncType::rc4_hmac, std::nullopt, {}}};
}

inline PaForUser pa_for_user() {
  return {enterprise_name("alice@a.example"), "A.EXAMPLE", {ChecksumType::hmac_md5, Buffer(16, 0x5a)}, "Kerberos"};
}
inline S4uUserId s4u_user_id() {
  return {
      0x7fffffff, alice(), "A.EXAMPLE", {0x30, 0x00}, s4u_option::use_reply_key_usage | s4u_option::check_logon_hours};
}
inline PaS4uX509User pa_s4u_x509_user() {
  return {s4u_user_id(), checksum(), {}};
}

inline EncKrbPrivPart enc_krb_priv_part() {
  return {SecretBuffer(5, 0x41), time(), 17, 0x01020304, {2, {192, 0, 2, 1}}, HostAddress{2, {192, 0, 2, 2}}};
}
inline KrbCred krb_cred() {
  return {{ticket()}, encrypted_data()};
}
inline EncKrbCredPart enc_krb_cred_part() {
  KrbCredInfo info;
  info.key = key();
  info.prealm = "A.EXAMPLE";
  info.pname = alice();
  info.flags = ticket_flag::forwardable | ticket_flag::forwarded;
  info.authtime = time();
  info.starttime = time(1);
  info.endtime = time(36000);
  info.renew_till = time(604800);
  info.srealm = "A.EXAMPLE";
  info.sname = krbtgt_name("A.EXAMPLE");
  info.caddr = addresses();
  return {{info}, 0x01020304, time(), 17, HostAddress{2, {192, 0, 2, 1}}, HostAddress{2, {192, 0, 2, 2}}};
}
inline ChangePasswdData change_passwd_data() {
  return {SecretBuffer{'n', 'e', 'w'}, alice(), "A.EXAMPLE"};
}
inline KpasswdFrame kpasswd_frame() {
  return {kKpasswdSet, encode(ap_req()), encode_krb_priv(encrypted_data())};
}

inline KrbToken krb_token() {
  return {KrbTokenId::ap_req, encode(ap_req())};
}
inline NegTokenInit neg_token_init() {
  return {{mech_oid::ms_kerberos, mech_oid::kerberos, mech_oid::ntlm}, encode(krb_token())};
}
inline NegTokenResp neg_token_resp() {
  return {NegState::accept_completed,
          mech_oid::kerberos,
          encode(KrbToken{KrbTokenId::ap_rep, encode(ap_rep())}),
          {1, 2, 3, 4}};
}

inline NetlogonPing netlogon_ping() {
  NetlogonPing out;
  out.dns_domain = "a.example";
  out.host = "WEB";
  out.user = "alice";
  out.account_control = 0x10;
  out.domain_guid = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}};
  return out;
}
inline NetlogonResponse netlogon_response() {
  NetlogonResponse out;
  out.flags = 0x73fd;
  out.domain_guid = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}};
  out.dns_forest_name = "a.example";
  out.dns_domain_name = "a.example";
  out.dns_host_name = "dc1.a.example";
  out.netbios_domain_name = "A";
  out.netbios_computer_name = "DC1";
  out.user_name = "alice.b";
  out.dc_site_name = "Default-First-Site-Name";
  out.client_site_name = "Branch";
  out.ipv4 = 0xc0000201;
  out.next_closest_site_name = "Hub";
  out.nt_version = 0x15;
  return out;
}
inline PingReply ping_reply() {
  return {5, 0, encode(netlogon_response())};
}

}  // namespace stead::samples
