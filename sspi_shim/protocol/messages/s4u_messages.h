#pragma once
// The padata of S4U2Self: PA-FOR-USER and PA-S4U-X509-USER (MS-SFU §2.2.1, §2.2.2).
#include <cstdint>
#include <optional>
#include <string>

#include "sspi_shim/protocol/crypto/crypto.h"
#include "sspi_shim/protocol/types/types.h"

namespace stead {

// PA-FOR-USER (MS-SFU §2.2.1): names the user for whom a service requests a ticket to itself.
//
//   PA-FOR-USER ::= SEQUENCE {
//     userName [0] PrincipalName,  userRealm    [1] Realm,
//     cksum    [2] Checksum,       auth-package [3] KerberosString }
struct PaForUser {
  PrincipalName user_name;
  std::string user_realm;
  Checksum checksum;  // HMAC-MD5 over the other fields, key usage 17, with the TGT's session key of any type
  std::string auth_package = "Kerberos";
  friend bool operator==(const PaForUser&, const PaForUser&) = default;
};
[[nodiscard]] Result<PaForUser> decode_pa_for_user(Bytes der);
[[nodiscard]] Buffer encode(const PaForUser& value);
// The input of the checksum: name-type (4 bytes little-endian), every component, realm, package, without
// separators.
[[nodiscard]] Buffer checksum_input(const PaForUser& value);

// PA-S4U-X509-USER (MS-SFU §2.2.2)
//
//   PA-S4U-X509-USER ::= SEQUENCE { user-id [0] S4UUserID, checksum [1] Checksum }
//   S4UUserID ::= SEQUENCE { nonce [0] UInt32, cname [1] PrincipalName OPTIONAL, crealm [2] Realm,
//     subject-certificate [3] OCTET STRING OPTIONAL, options [4] BIT STRING OPTIONAL }
struct S4uUserId {
  std::uint32_t nonce = 0;  // the request body's
  std::optional<PrincipalName> cname;
  std::string crealm;
  Buffer subject_certificate;            // DER; empty: absent
  std::optional<std::uint32_t> options;  // s4u_option
  friend bool operator==(const S4uUserId&, const S4uUserId&) = default;
};
struct PaS4uX509User {
  S4uUserId user_id;
  Checksum checksum;   // over the DER of user_id as sent; key usage 26, or 27 in a reply if use_reply_key_usage is set
  Buffer user_id_der;  // as received; encode() writes this if it is not empty, else user_id
  friend bool operator==(const PaS4uX509User& a, const PaS4uX509User& b) {
    return a.user_id == b.user_id && a.checksum == b.checksum;
  }
};
[[nodiscard]] Buffer encode(const S4uUserId& value);
[[nodiscard]] Result<PaS4uX509User> decode_pa_s4u_x509_user(Bytes der);
[[nodiscard]] Buffer encode(const PaS4uX509User& value);

}  // namespace stead
