#pragma once
// SPNEGO (RFC 4178) and the GSS-API framing (RFC 2743 §3.1) around Kerberos tokens (RFC 4121 §4.1), as HTTP Negotiate
// carries them.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sspi_shim/base/bytes.h"
#include "sspi_shim/protocol/errors/error.h"

namespace stead {

namespace mech_oid {              // content octets of the OBJECT IDENTIFIERs
extern const Buffer spnego;       // 1.3.6.1.5.5.2
extern const Buffer kerberos;     // 1.2.840.113554.1.2.2
extern const Buffer ms_kerberos;  // 1.2.840.48018.1.2.2
extern const Buffer ntlm;         // 1.3.6.1.4.1.311.2.2.10
}  // namespace mech_oid

//   NegTokenInit ::= [0] SEQUENCE { mechTypes [0], reqFlags [1] OPTIONAL, mechToken [2] OPTIONAL, mechListMIC [3]
//   OPTIONAL }, in GSS framing
struct NegTokenInit {
  std::vector<Buffer> mech_types;
  Buffer mech_token;          // empty: absent
  Buffer mech_list_mic = {};  // the element in [3] as received: an OCTET STRING, or a server's negHints; empty: absent
  Buffer req_flags = {};      // content of the BIT STRING in [1], which no peer uses; empty: absent
  friend bool operator==(const NegTokenInit&, const NegTokenInit&) = default;
};
[[nodiscard]] Result<NegTokenInit> decode_neg_token_init(Bytes token);
[[nodiscard]] Buffer encode(const NegTokenInit& value);

//   NegTokenResp ::= [1] SEQUENCE { negState [0] ENUMERATED OPTIONAL, supportedMech [1] OPTIONAL, responseToken [2]
//   OPTIONAL, mechListMIC [3] OPTIONAL }
enum class NegState { accept_completed = 0, accept_incomplete = 1, reject = 2, request_mic = 3 };
struct NegTokenResp {
  std::optional<NegState> state;
  Buffer supported_mech, response_token, mech_list_mic;  // empty: absent
  friend bool operator==(const NegTokenResp&, const NegTokenResp&) = default;
};
[[nodiscard]] Result<NegTokenResp> decode_neg_token_resp(Bytes token);
[[nodiscard]] Buffer encode(const NegTokenResp& value);

// True for a NegTokenResp that ends the exchange with success, but carries no mechanism's token. gokrb5's services send
// it, with the chosen mechanism or without. It proves nothing about its sender.
[[nodiscard]] bool is_acceptance_without_token(Bytes token);

// The Kerberos mechanism's own framing: [APPLICATION 0] { OID, u16 token id, message }. ids: 0x0100 AP-REQ, 0x0200
// AP-REP, 0x0300 KRB-ERROR.
enum class KrbTokenId : std::uint16_t { ap_req = 0x0100, ap_rep = 0x0200, krb_error = 0x0300 };
struct KrbToken {
  KrbTokenId id{};
  Buffer message;  // DER
  friend bool operator==(const KrbToken&, const KrbToken&) = default;
};
[[nodiscard]] Result<KrbToken> decode_krb_token(Bytes token);
[[nodiscard]] Buffer encode(const KrbToken& value);

// The DER of the AP-REQ in the token that a client sent after "Negotiate ": SPNEGO or a raw Kerberos token.
[[nodiscard]] Result<Buffer> ap_req_of_negotiate_token(Bytes token);
// True for NTLMSSP tokens, raw or inside SPNEGO: a browser without a ticket sends them.
[[nodiscard]] bool is_ntlm_token(Bytes token);

}  // namespace stead
