#pragma once
// Change and set password (RFC 3244) and KRB-PRIV (RFC 4120 §5.7), which carries it.
#include <cstdint>
#include <optional>
#include <string>

#include "sspi_shim/protocol/types/types.h"

namespace stead {

//   KRB-PRIV ::= [APPLICATION 21] SEQUENCE { pvno [0], msg-type [1], enc-part [3] EncryptedData }
[[nodiscard]] Result<EncryptedData> decode_krb_priv(Bytes der);
[[nodiscard]] Buffer encode_krb_priv(const EncryptedData& enc_part);

//   EncKrbPrivPart ::= [APPLICATION 28] SEQUENCE { user-data [0] OCTET STRING, timestamp [1] OPTIONAL, usec [2]
//   OPTIONAL,
//     seq-number [3] OPTIONAL, s-address [4] HostAddress, r-address [5] OPTIONAL }
struct EncKrbPrivPart {
  SecretBuffer user_data;
  std::optional<Time> timestamp;
  std::optional<std::int32_t> usec;
  std::optional<std::uint32_t> seq_number;
  HostAddress s_address;
  std::optional<HostAddress> r_address;
  friend bool operator==(const EncKrbPrivPart&, const EncKrbPrivPart&) = default;
};
[[nodiscard]] Result<EncKrbPrivPart> decode_enc_krb_priv_part(Bytes der);
[[nodiscard]] SecretBuffer encode(const EncKrbPrivPart& value);

//   ChangePasswdData ::= SEQUENCE { newpasswd [0] OCTET STRING, targname [1] PrincipalName OPTIONAL, targrealm [2]
//   Realm OPTIONAL }
struct ChangePasswdData {
  SecretBuffer new_password;  // UTF-8
  std::optional<PrincipalName> target_name;
  std::string target_realm;  // empty: absent
  friend bool operator==(const ChangePasswdData&, const ChangePasswdData&) = default;
};
[[nodiscard]] Result<ChangePasswdData> decode_change_passwd_data(Bytes der);
[[nodiscard]] SecretBuffer encode(const ChangePasswdData& value);

// The frame of a request: u16 length, u16 version (1: change, 0xff80: set), u16 AP-REQ length, AP-REQ, KRB-PRIV. A
// reply has version 1 and an AP-REP in place of the AP-REQ; if that length is 0, a KRB-ERROR replaces the KRB-PRIV.
struct KpasswdFrame {
  std::uint16_t version = 1;
  Buffer ap_message;
  Buffer message;
  friend bool operator==(const KpasswdFrame&, const KpasswdFrame&) = default;
};
constexpr std::uint16_t kKpasswdChange = 1, kKpasswdSet = 0xff80;
[[nodiscard]] Result<KpasswdFrame> decode_kpasswd_frame(Bytes bytes);
[[nodiscard]] Buffer encode(const KpasswdFrame& value);  // empty if it would exceed 65535 bytes

// Result codes of the reply's user-data: u16 big-endian, then text.
enum class KpasswdResult : std::uint16_t {
  success = 0,
  malformed = 1,
  hard_error = 2,
  auth_error = 3,
  soft_error = 4,
  access_denied = 5,
  bad_version = 6,
  initial_flag_needed = 7
};

}  // namespace stead
