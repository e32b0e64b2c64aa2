#pragma once
// FAST (RFC 6113 §5.4): what PA-FX-FAST carries in requests and replies. Reading and writing only: the keys are made in
// crypto (fx_cf2), the rules are a KDC's or a client's.
#include <cstdint>
#include <optional>
#include <string>

#include "sspi_shim/protocol/messages/kdc_messages.h"

namespace stead {

//   KrbFastArmor ::= SEQUENCE { armor-type [0] Int32, armor-value [1] OCTET STRING, ... }
constexpr std::int32_t kFastArmorApRequest = 1;
struct FastArmorData {
  std::int32_t type = kFastArmorApRequest;
  Buffer value;  // the AP-REQ
  friend bool operator==(const FastArmorData&, const FastArmorData&) = default;
};

//   PA-FX-FAST-REQUEST ::= CHOICE { armored-data [0] KrbFastArmoredReq, ... }
//   KrbFastArmoredReq ::= SEQUENCE { armor [0] KrbFastArmor OPTIONAL, req-checksum [1] Checksum,
//     enc-fast-req [2] EncryptedData, ... }
struct FastArmoredReq {
  std::optional<FastArmorData> armor;  // absent in a TGS-REQ: the armor is that of PA-TGS-REQ
  Checksum req_checksum;               // usage 50, over the outer req-body (AS-REQ) or the value of PA-TGS-REQ
  EncryptedData enc_fast_req;          // KrbFastReq, usage 51
  friend bool operator==(const FastArmoredReq&, const FastArmoredReq&) = default;
};
[[nodiscard]] Result<FastArmoredReq> decode_pa_fx_fast_request(Bytes der);
[[nodiscard]] Buffer encode(const FastArmoredReq& value);

namespace fast_option {
constexpr std::uint32_t hide_client_names = 0x40000000, kdc_follow_referrals = 0x00008000;
// Options that a KDC must know or refuse: bits 0 to 15.
constexpr std::uint32_t critical = 0xFFFF0000;
}  // namespace fast_option

//   KrbFastReq ::= SEQUENCE { fast-options [0] FastOptions, padata [1] SEQUENCE OF PA-DATA, req-body [2] KDC-REQ-BODY,
//     ... }
struct FastReq {
  std::uint32_t options = 0;  // fast_option
  PaDataList padata;
  KdcReqBody body;
  Buffer body_der;  // as received. encode() writes this if it is not empty, else `body`.
  friend bool operator==(const FastReq& a, const FastReq& b) {
    return a.options == b.options && a.padata == b.padata && a.body == b.body;
  }
};
[[nodiscard]] Result<FastReq> decode_fast_req(Bytes der);
[[nodiscard]] Buffer encode(const FastReq& value);

//   PA-FX-FAST-REPLY ::= CHOICE { armored-data [0] KrbFastArmoredRep, ... }
//   KrbFastArmoredRep ::= SEQUENCE { enc-fast-rep [0] EncryptedData, ... }    (KrbFastResponse, usage 52)
[[nodiscard]] Result<EncryptedData> decode_pa_fx_fast_reply(Bytes der);
[[nodiscard]] Buffer encode_pa_fx_fast_reply(const EncryptedData& enc_fast_rep);

//   KrbFastFinished ::= SEQUENCE { timestamp [0] KerberosTime, usec [1] Microseconds, crealm [2] Realm,
//     cname [3] PrincipalName, ticket-checksum [4] Checksum, ... }
struct FastFinished {
  Time timestamp{};
  std::int32_t usec = 0;
  std::string crealm;
  PrincipalName cname;       // the client, also where the reply hides it
  Checksum ticket_checksum;  // usage 53, over the ticket, with the armor key
  friend bool operator==(const FastFinished&, const FastFinished&) = default;
};

//   KrbFastResponse ::= SEQUENCE { padata [0] SEQUENCE OF PA-DATA, strengthen-key [1] EncryptionKey OPTIONAL,
//     finished [2] KrbFastFinished OPTIONAL, nonce [3] UInt32, ... }
struct FastResponse {
  PaDataList padata;
  std::optional<EncryptionKey> strengthen_key;
  std::optional<FastFinished> finished;  // with a ticket; absent in errors
  std::uint32_t nonce = 0;               // of the inner req-body
  friend bool operator==(const FastResponse&, const FastResponse&) = default;
};
[[nodiscard]] Result<FastResponse> decode_fast_response(Bytes der);
[[nodiscard]] SecretBuffer encode(const FastResponse& value);

}  // namespace stead
