#pragma once
// AS-REQ, TGS-REQ and their replies (RFC 4120 §5.4).
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sspi_shim/protocol/messages/ticket.h"

namespace stead {

//   KDC-REQ-BODY ::= SEQUENCE { kdc-options [0], cname [1] OPTIONAL, realm [2], sname [3] OPTIONAL, from [4] OPTIONAL,
//   till [5],
//     rtime [6] OPTIONAL, nonce [7], etype [8] SEQUENCE OF, addresses [9] OPTIONAL, enc-authorization-data [10]
//     OPTIONAL, additional-tickets [11] OPTIONAL }
struct KdcReqBody {
  std::uint32_t options = 0;  // kdc_option
  std::optional<PrincipalName> cname;
  std::string realm;  // the server's; in an AS-REQ also the client's
  std::optional<PrincipalName> sname;
  std::optional<Time> from;
  Time till{};
  std::optional<Time> rtime;
  std::uint32_t nonce = 0;
  std::vector<EncType> etypes;
  std::vector<HostAddress> addresses;
  std::optional<EncryptedData> enc_authorization_data;
  std::vector<Ticket> additional_tickets;
  friend bool operator==(const KdcReqBody&, const KdcReqBody&) = default;
};
[[nodiscard]] Buffer encode(const KdcReqBody& value);
[[nodiscard]] Result<KdcReqBody> decode_kdc_req_body(Bytes der);
KdcReqBody read_kdc_req_body(der::Reader& r);

//   KDC-REQ ::= [APPLICATION 10 or 12] SEQUENCE { pvno [1] (5), msg-type [2], padata [3] OPTIONAL, req-body [4] }
struct KdcReq {
  MessageType type = MessageType::as_req;
  PaDataList padata;
  KdcReqBody body;
  Buffer body_der;  // as received, for the authenticator's checksum. encode() writes this if it is not empty, else
                    // `body`.
  friend bool operator==(const KdcReq& a, const KdcReq& b) {
    return a.type == b.type && a.padata == b.padata && a.body == b.body;
  }
};
[[nodiscard]] Result<KdcReq> decode_kdc_req(Bytes der);  // either kind
[[nodiscard]] Buffer encode(const KdcReq& value);

//   KDC-REP ::= [APPLICATION 11 or 13] SEQUENCE { pvno [0], msg-type [1], padata [2] OPTIONAL, crealm [3], cname [4],
//   ticket [5], enc-part [6] }
struct KdcRep {
  MessageType type = MessageType::as_rep;
  PaDataList padata;
  std::string crealm;
  PrincipalName cname;
  Ticket ticket;
  EncryptedData enc_part;
  friend bool operator==(const KdcRep&, const KdcRep&) = default;
};
[[nodiscard]] Result<KdcRep> decode_kdc_rep(Bytes der);  // either kind
[[nodiscard]] Buffer encode(const KdcRep& value);

//   LastReq ::= SEQUENCE OF SEQUENCE { lr-type [0] Int32, lr-value [1] KerberosTime }
struct LastReqEntry {
  std::int32_t type = 0;
  Time value{};
  friend bool operator==(const LastReqEntry&, const LastReqEntry&) = default;
};

//   EncKDCRepPart ::= [APPLICATION 25 or 26] SEQUENCE { key [0], last-req [1], nonce [2], key-expiration [3] OPTIONAL,
//   flags [4],
//     authtime [5], starttime [6] OPTIONAL, endtime [7], renew-till [8] OPTIONAL, srealm [9], sname [10], caddr [11]
//     OPTIONAL, encrypted-pa-data [12] OPTIONAL }
// Some KDCs send the part of an AS reply with tag 26: both tags are accepted in both replies (RFC 4120 §5.4.2).
struct EncKdcRepPart {
  MessageType type = MessageType::as_rep;  // selects the tag that is written
  EncryptionKey key;
  std::vector<LastReqEntry> last_req;
  std::uint32_t nonce = 0;
  std::optional<Time> key_expiration;
  std::uint32_t flags = 0;  // ticket_flag
  Time authtime{};
  std::optional<Time> starttime;
  Time endtime{};
  std::optional<Time> renew_till;
  std::string srealm;
  PrincipalName sname;
  std::vector<HostAddress> caddr;
  PaDataList encrypted_padata;  // empty: absent
  friend bool operator==(const EncKdcRepPart&, const EncKdcRepPart&) = default;
};
[[nodiscard]] Result<EncKdcRepPart> decode_enc_kdc_rep_part(Bytes der);
[[nodiscard]] SecretBuffer encode(const EncKdcRepPart& value);

}  // namespace stead
