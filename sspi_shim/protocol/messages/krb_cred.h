#pragma once
// KRB-CRED (RFC 4120 §5.8): tickets with their keys for another principal. GSSAPI carries a forwarded TGT in it
// (RFC 4121 §4.1.1).
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sspi_shim/protocol/messages/ticket.h"

namespace stead {

//   KRB-CRED ::= [APPLICATION 22] SEQUENCE { pvno [0], msg-type [1], tickets [2] SEQUENCE OF Ticket, enc-part [3]
//   EncryptedData }
struct KrbCred {
  std::vector<Ticket> tickets;
  EncryptedData enc_part;  // key usage krb_cred
  friend bool operator==(const KrbCred&, const KrbCred&) = default;
};
constexpr std::size_t kMaxCredTickets = 16;
[[nodiscard]] Result<KrbCred> decode_krb_cred(Bytes der);
[[nodiscard]] Buffer encode(const KrbCred& value);

//   KrbCredInfo ::= SEQUENCE { key [0] EncryptionKey, prealm [1] OPTIONAL, pname [2] OPTIONAL, flags [3] OPTIONAL,
//   authtime [4] OPTIONAL,
//     starttime [5] OPTIONAL, endtime [6] OPTIONAL, renew-till [7] OPTIONAL, srealm [8] OPTIONAL, sname [9] OPTIONAL,
//     caddr [10] OPTIONAL }
struct KrbCredInfo {
  EncryptionKey key;
  std::string prealm;  // empty: absent, as the other realm
  std::optional<PrincipalName> pname;
  std::optional<std::uint32_t> flags;  // ticket_flag
  std::optional<Time> authtime, starttime, endtime, renew_till;
  std::string srealm;
  std::optional<PrincipalName> sname;
  std::vector<HostAddress> caddr;  // empty: absent
  friend bool operator==(const KrbCredInfo&, const KrbCredInfo&) = default;
};

//   EncKrbCredPart ::= [APPLICATION 29] SEQUENCE { ticket-info [0] SEQUENCE OF KrbCredInfo, nonce [1] UInt32 OPTIONAL,
//     timestamp [2] OPTIONAL, usec [3] OPTIONAL, s-address [4] OPTIONAL, r-address [5] OPTIONAL }
// Element n describes ticket n of the KRB-CRED.
struct EncKrbCredPart {
  std::vector<KrbCredInfo> ticket_info;
  std::optional<std::uint32_t> nonce;
  std::optional<Time> timestamp;
  std::optional<std::int32_t> usec;
  std::optional<HostAddress> s_address, r_address;
  friend bool operator==(const EncKrbCredPart&, const EncKrbCredPart&) = default;
};
[[nodiscard]] Result<EncKrbCredPart> decode_enc_krb_cred_part(Bytes der);
[[nodiscard]] SecretBuffer encode(const EncKrbCredPart& value);

}  // namespace stead
