#pragma once
// Requests under FAST (RFC 6113 §5.4), as DCs from 2012 on take them.
//
// The design. PA-FX-FAST carries a second request, encrypted with the armor key. The armor key comes from a session key
// that client and KDC share already:
//
//   AS-REQ    the session key of an armor TGT, of a machine as a rule, that comes in an AP-REQ beside the request:
//             CF2(its subkey, its session key, "subkeyarmor", "ticketarmor")
//   TGS-REQ   the session key of the header TGT (implicit armor), with the authenticator's subkey in the same way; with
//             an armor TGT too (explicit armor): CF2(the armor's key, subkey, "explicitarmor", "tgsarmor")
//
// The inner request replaces the outer: the handlers read ctx.fast->request and know nothing more of FAST. On the way
// out tickets/fast_reply.h puts the padata and the error under the armor. An error before the armor key and the inner
// request are known goes out as without FAST; every later one is armored, so that nobody on the path can forge it.
//
// An armor TGT is judged as a header TGT is. The inner body is trusted because req-checksum binds it to the outer body
// (AS-REQ) or to the PA-TGS-REQ, whose authenticator has a checksum of the outer body.
#include <optional>

#include "kdc/tickets/context.h"
#include "kdc/tickets/kdc_result.h"
#include "kdc/tickets/ticket_opening.h"
#include "sspi_shim/protocol/messages/ap_messages.h"

namespace stead::kdc {

// Opens an AS-REQ with PA-FX-FAST into ctx.fast. PREAUTH_FAILED: no armor, or of an unknown type. KRB_ERR_GENERIC:
// PA-FX-FAST cannot be decoded. UNKNOWN_CRITICAL_FAST_OPTIONS.
[[nodiscard]] KdcResult<void> open_fast_as(const Context& ctx, const KdcReq& outer, const PaData& fx_fast);

// What a TGS-REQ has outside of FAST, opened.
struct TgsArmor {
  Bytes pa_tgs_req;  // the value, which req-checksum covers
  const Key& session_key;
  const std::optional<Key>& subkey;
};
// Opens a TGS-REQ with PA-FX-FAST into ctx.fast. The result is the armor TGT, if the armor is explicit.
[[nodiscard]] KdcResult<std::optional<OpenTicket>> open_fast_tgs(const Context& ctx, const KdcReq& outer,
                                                                 const PaData& fx_fast, const TgsArmor& armor);

// Where AD-fx-fast-armor and AD-fx-fast-used may stand (RFC 6113 §5.4.1.1, §5.4.3): the first marks tickets and
// authenticators that are for armor alone, the second an authenticator whose client used FAST. BAD_INTEGRITY: a TGS-REQ
// made with something that is for armor. MODIFIED: somebody removed the FAST of a request.
[[nodiscard]] KdcResult<void> check_fast_marks(const AuthorizationData& of_ticket,
                                               const AuthorizationData& of_authenticator, bool has_fast);

}  // namespace stead::kdc
