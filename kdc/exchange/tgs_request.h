#pragma once
// A TGS-REQ with a verified header ticket and authenticator, and what all kinds of TGS replies have in common.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kdc/lookup/target_lookup.h"
#include "kdc/tickets/pac_issuer.h"
#include "kdc/tickets/ticket_issuer.h"
#include "kdc/tickets/ticket_opening.h"

namespace stead::kdc {

struct TgsRequest {
  const KdcReq& request;  // under FAST the inner one
  OpenTicket header;
  const AccountEntry* client = nullptr;  // of the header ticket; null if it came over a trust
  Key session_key;
  std::optional<Key> subkey;
  ReplyKey reply_key;
  std::optional<OpenTicket> device;          // explicit FAST armor: the TGT of the client's machine
  AuthorizationData enc_authorization_data;  // decrypted, without any PAC; empty in S4U2Proxy without a subkey
  std::uint32_t pac_options = 0;             // PA-PAC-OPTIONS; 0 if this DC's level does not read it

  [[nodiscard]] const KdcReqBody& body() const { return request.body; }
  [[nodiscard]] bool wants(std::uint32_t option) const { return (request.body.options & option) != 0; }
};

[[nodiscard]] KdcResult<TgsRequest> open_tgs_request(const Context& ctx, const KdcReq& request);

// Plans a ticket or referral TGT on the basis of the header ticket: its client, times within the header's, flags as
// asked for and inherited, and the padata that every reply has. Without a PAC. NEVER_VALID: it would have expired
// already.
[[nodiscard]] KdcResult<TicketPlan> plan_from_header(const Context& ctx, const TgsRequest& tgs);
// enc-authorization-data without any PAC; empty if there is none. `session_key`: used if the request has no subkey.
[[nodiscard]] KdcResult<AuthorizationData> decrypt_authorization_data(const TgsRequest& tgs, const Key& session_key);

// Makes the plan a referral TGT: krbtgt/NEXT, encrypted with the trust's key.
void make_referral(const Context& ctx, const TgsRequest& tgs, const TrustEntry& trust, TicketPlan& plan);
// Makes the plan a service ticket to an account of this domain, for a client of plan.crealm, and its PAC that of such a
// ticket. POLICY: `transited` is not a path of trusts, or the account does not let the client authenticate.
[[nodiscard]] KdcResult<void> make_service_ticket(const Context& ctx, const TgsRequest& tgs, const AccountEntry& target,
                                                  const std::vector<std::string>& transited, TicketPlan& plan);

// The realms that a ticket based on the header ticket has passed.
[[nodiscard]] KdcResult<std::vector<std::string>> transited_realms(const Context& ctx, const OpenTicket& header);
// True if a referral may answer this name (RFC 6806 §8).
[[nodiscard]] bool may_refer(const TgsRequest& tgs, const Target& target);
// The session key of the TGT in additional-tickets, which must be of `account` (RFC 4120 §3.3.3). It is judged as a
// header ticket is.
[[nodiscard]] KdcResult<Key> user_to_user_key(const Context& ctx, const TgsRequest& tgs, const AccountEntry& account);

}  // namespace stead::kdc
