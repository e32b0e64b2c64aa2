#pragma once
// A TGS-REQ whose header ticket and authenticator hold, and what the kinds of tickets it may lead to have in common.
#include "kdc/lookup/target_lookup.h"
#include "kdc/tickets/pac_issuer.h"
#include "kdc/tickets/ticket_issuer.h"
#include "kdc/tickets/ticket_opening.h"

namespace stead::kdc {

struct TgsRequest {
  const KdcReq& request;
  OpenTicket header;
  const AccountEntry* client = nullptr;  // the header's client; null where he came over a trust
  Key session_key;
  std::optional<Key> subkey;
  AuthorizationData enc_authorization_data;  // decrypted, without any PAC
  std::uint32_t pac_options = 0;             // PA-PAC-OPTIONS, 0 where this DC does not read it

  [[nodiscard]] const KdcReqBody& body() const { return request.body; }
  [[nodiscard]] bool wants(std::uint32_t option) const { return (request.body.options & option) != 0; }
  [[nodiscard]] ReplyKey reply_key() const;
};

[[nodiscard]] KdcResult<TgsRequest> open_tgs_request(const Context& ctx, const KdcReq& request);

// A ticket or referral TGT based on the header ticket: its client, its times within the header's, its flags as asked
// for and inherited, the padata that every reply has. No PAC yet. NEVER_VALID where it would have ended.
[[nodiscard]] KdcResult<TicketPlan> plan_from_header(const Context& ctx, const TgsRequest& tgs, Bytes raw);

// Directs a plan at the next realm's KDC: krbtgt/NEXT, encrypted with the trust's key.
void make_referral(const Context& ctx, const TgsRequest& tgs, const TrustEntry& trust, TicketPlan& plan);
// Directs a plan at an account of this domain, for a client of plan.crealm. POLICY where `transited` is no path of
// trusts.
[[nodiscard]] KdcResult<void> make_service_ticket(const Context& ctx, const TgsRequest& tgs, const AccountEntry& target,
                                                  const std::vector<std::string>& transited, TicketPlan& plan);

// The realms a ticket based on the header ticket has come through.
[[nodiscard]] KdcResult<std::vector<std::string>> transited_realms(const Context& ctx, const OpenTicket& header);
// May this name be answered by a referral (RFC 6806 §8)?
[[nodiscard]] bool may_refer(const TgsRequest& tgs, const Target& target);
// The session key of the TGT in additional-tickets, which must be of `account` (RFC 4120 §3.3.3).
[[nodiscard]] KdcResult<Key> user_to_user_key(const Context& ctx, const TgsRequest& tgs, const AccountEntry& account);

}  // namespace stead::kdc
