#pragma once
// Tickets (RFC 4120 §5.3).
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sspi_shim/protocol/types/types.h"

namespace stead {

//   Ticket ::= [APPLICATION 1] SEQUENCE { tkt-vno [0] INTEGER (5), realm [1] Realm, sname [2] PrincipalName, enc-part
//   [3] EncryptedData }
struct Ticket {
  std::string realm;
  PrincipalName sname;
  EncryptedData enc_part;
  friend bool operator==(const Ticket&, const Ticket&) = default;
};
Ticket read_ticket(der::Reader& r);
void write(der::Writer& w, const Ticket& value);
[[nodiscard]] Result<Ticket> decode_ticket(Bytes der);
[[nodiscard]] Buffer encode(const Ticket& value);

//   TransitedEncoding ::= SEQUENCE { tr-type [0] Int32, contents [1] OCTET STRING }
struct TransitedEncoding {
  std::int32_t type = 1;  // DOMAIN-X500-COMPRESS
  Buffer contents;
  friend bool operator==(const TransitedEncoding&, const TransitedEncoding&) = default;
};
// Realms of a DOMAIN-X500-COMPRESS field, expanded between `client_realm` and `server_realm` (RFC 4120 §3.3.3.2).
[[nodiscard]] Result<std::vector<std::string>> expand_transited(const TransitedEncoding& transited,
                                                                std::string_view client_realm,
                                                                std::string_view server_realm);
// The same realms without compression, in order.
[[nodiscard]] TransitedEncoding make_transited(const std::vector<std::string>& realms);

//   EncTicketPart ::= [APPLICATION 3] SEQUENCE { flags [0], key [1], crealm [2], cname [3], transited [4], authtime
//   [5],
//     starttime [6] OPTIONAL, endtime [7], renew-till [8] OPTIONAL, caddr [9] OPTIONAL, authorization-data [10]
//     OPTIONAL }
struct EncTicketPart {
  std::uint32_t flags = 0;  // ticket_flag
  EncryptionKey key;
  std::string crealm;
  PrincipalName cname;
  TransitedEncoding transited;
  Time authtime{};
  std::optional<Time> starttime;
  Time endtime{};
  std::optional<Time> renew_till;
  std::vector<HostAddress> caddr;
  AuthorizationData authorization_data;  // empty: absent
  friend bool operator==(const EncTicketPart&, const EncTicketPart&) = default;
};
[[nodiscard]] Result<EncTicketPart> decode_enc_ticket_part(Bytes der);
[[nodiscard]] SecretBuffer encode(const EncTicketPart& value);

}  // namespace stead
