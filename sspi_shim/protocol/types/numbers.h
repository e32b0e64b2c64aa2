#pragma once
// The numbers of RFC 4120, 3961-3962, 4757, 6113, 6806, 8009 and MS-KILE/MS-SFU/MS-PAC, as the documents spell them.
#include <cstdint>
#include <string>
#include <string_view>

namespace stead {

constexpr std::int32_t kPvno = 5;

enum class MessageType : std::int32_t {
  as_req = 10,
  as_rep = 11,
  tgs_req = 12,
  tgs_rep = 13,
  ap_req = 14,
  ap_rep = 15,
  krb_safe = 20,
  krb_priv = 21,
  krb_cred = 22,
  krb_error = 30,
};

enum class EncType : std::int32_t {
  null = 0,
  aes128_cts_hmac_sha1_96 = 17,
  aes256_cts_hmac_sha1_96 = 18,
  aes128_cts_hmac_sha256_128 = 19,
  aes256_cts_hmac_sha384_192 = 20,
  rc4_hmac = 23,
};
// "aes256-cts-hmac-sha1-96"; an unknown number gives "etype-99".
[[nodiscard]] std::string enctype_name(EncType type);
// The reverse; EncType::null for an unknown name. Accepts MIT's aliases ("aes256-cts", "aes256-sha1", "rc4-hmac",
// "arcfour-hmac").
[[nodiscard]] EncType enctype_by_name(std::string_view name);

enum class ChecksumType : std::int32_t {
  rsa_md4 = 2,
  rsa_md5 = 7,
  hmac_sha1_96_aes128 = 15,
  hmac_sha1_96_aes256 = 16,
  hmac_sha256_128_aes128 = 19,
  hmac_sha384_192_aes256 = 20,
  hmac_md5 = -138,  // KERB_CHECKSUM_HMAC_MD5, RFC 4757
};

enum class KeyUsage : std::int32_t {
  as_req_timestamp = 1,
  ticket = 2,
  as_rep_encrypted_part = 3,
  tgs_req_authorization_data_session_key = 4,
  tgs_req_authorization_data_subkey = 5,
  tgs_req_authenticator_checksum = 6,
  tgs_req_authenticator = 7,
  tgs_rep_encrypted_part_session_key = 8,
  tgs_rep_encrypted_part_subkey = 9,
  ap_req_authenticator_checksum = 10,
  ap_req_authenticator = 11,
  ap_rep_encrypted_part = 12,
  krb_priv = 13,
  krb_cred = 14,
  pa_for_user_checksum = 17,
  pac_checksum = 17,
  gss_acceptor_seal = 22,
  gss_acceptor_sign = 23,
  gss_initiator_seal = 24,
  gss_initiator_sign = 25,
  pa_s4u_x509_user_request = 26,
  pa_s4u_x509_user_reply = 27,
  fast_request_checksum = 50,
  fast_encrypted = 51,
  fast_reply = 52,
  fast_finished = 53,
  encrypted_challenge_client = 54,
  encrypted_challenge_kdc = 55,
  pa_req_enc_pa_rep_checksum = 56,
};

enum class NameType : std::int32_t {
  unknown = 0,
  principal = 1,
  srv_inst = 2,
  srv_hst = 3,
  srv_xhst = 4,
  uid = 5,
  x500 = 6,
  smtp = 7,
  enterprise = 10,
  wellknown = 11,
};

enum class PaType : std::int32_t {
  tgs_req = 1,
  enc_timestamp = 2,
  pw_salt = 3,
  etype_info = 11,
  pk_as_req = 16,
  pk_as_rep = 17,
  etype_info2 = 19,
  pac_request = 128,
  for_user = 129,
  s4u_x509_user = 130,
  fx_cookie = 133,
  fx_fast = 136,
  fx_error = 137,
  encrypted_challenge = 138,
  req_enc_pa_rep = 149,
  supported_enctypes = 165,
  pac_options = 167,
};

enum class AdType : std::int32_t {
  if_relevant = 1,
  kdc_issued = 4,
  and_or = 5,
  fx_fast_armor = 71,
  fx_fast_used = 72,
  cammac = 96,
  win2k_pac = 128,
  etype_negotiation = 129,
  token_restrictions = 141,
  ap_options = 143,
  target_principal = 144
};

// Bit i of a KerberosFlags is 0x80000000 >> i.
namespace kdc_option {
constexpr std::uint32_t forwardable = 0x40000000, forwarded = 0x20000000, proxiable = 0x10000000, proxy = 0x08000000,
                        allow_postdate = 0x04000000, postdated = 0x02000000, renewable = 0x00800000,
                        cname_in_addl_tkt = 0x00020000, canonicalize = 0x00010000, request_anonymous = 0x00008000,
                        disable_transited_check = 0x20, renewable_ok = 0x10, enc_tkt_in_skey = 0x8, renew = 0x2,
                        validate = 0x1;
}
namespace ticket_flag {
constexpr std::uint32_t forwardable = 0x40000000, forwarded = 0x20000000, proxiable = 0x10000000, proxy = 0x08000000,
                        may_postdate = 0x04000000, postdated = 0x02000000, invalid = 0x01000000, renewable = 0x00800000,
                        initial = 0x00400000, pre_authent = 0x00200000, hw_authent = 0x00100000,
                        transited_policy_checked = 0x00080000, ok_as_delegate = 0x00040000, enc_pa_rep = 0x00010000,
                        anonymous = 0x00008000;
}
namespace ap_option {
constexpr std::uint32_t use_session_key = 0x40000000, mutual_required = 0x20000000;
}
namespace pac_option {  // PA-PAC-OPTIONS, MS-KILE §2.2.10
constexpr std::uint32_t claims = 0x80000000, branch_aware = 0x40000000, forward_to_full_dc = 0x20000000,
                        resource_based_constrained_delegation = 0x10000000;
}
namespace s4u_option {  // PA-S4U-X509-USER, MS-SFU §2.2.2
constexpr std::uint32_t check_logon_hours = 0x40000000, use_reply_key_usage = 0x20000000,
                        nt_auth_policy_not_required = 0x10000000, unconditional_delegation = 0x08000000;
}
namespace supported_enctypes {  // msDS-SupportedEncryptionTypes and PA-SUPPORTED-ENCTYPES, MS-KILE §2.2.7
constexpr std::uint32_t des_cbc_crc = 1, des_cbc_md5 = 2, rc4_hmac = 4, aes128_sha1 = 8, aes256_sha1 = 0x10,
                        aes256_sha1_sk = 0x20, fast = 0x10000, compound_identity = 0x20000, claims = 0x40000,
                        resource_sid_compression_disabled = 0x80000;
}
namespace samr_uac {  // UserAccountControl in KERB_VALIDATION_INFO: MS-SAMR §2.2.1.12, not the attribute's bits
constexpr std::uint32_t account_disabled = 0x1, normal_account = 0x10, workstation_trust_account = 0x80,
                        server_trust_account = 0x100, dont_expire_password = 0x200, trusted_for_delegation = 0x2000,
                        not_delegated = 0x4000, dont_require_preauth = 0x10000, password_expired = 0x20000,
                        trusted_to_authenticate_for_delegation = 0x40000, no_auth_data_required = 0x80000;
}

}  // namespace stead
