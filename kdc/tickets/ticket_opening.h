#pragma once
// Tickets that come back to a KDC: decrypted, their PAC verified and read.
#include "kdc/tickets/context.h"
#include "kdc/tickets/kdc_result.h"
#include "kdc/tickets/ticket_pac.h"
#include "sspi_shim/protocol/messages/kdc_messages.h"

namespace stead::kdc {

struct OpenTicket {
  std::string realm;  // who issued it
  PrincipalName sname;
  EncTicketPart part;
  const TrustEntry* trust = nullptr;      // the trust it came over; null: of this domain
  const AccountEntry* account = nullptr;  // evidence: whose key opened it
  std::optional<TicketPac> pac;
  AuthorizationData other_data;  // what is in its authorization-data besides the PAC

  // The PAC is of somebody else than the ticket's client: an S4U referral TGT, whose PAC names `user@REALM`.
  [[nodiscard]] bool is_s4u_referral() const;
  [[nodiscard]] bool is_s4u2proxy_referral() const { return is_s4u_referral() && pac->delegation.has_value(); }
};

// A TGT of this domain, or one that a trusted realm issued for it. Verifies the PAC's server signature, of own tickets
// the KDC signature too; filters SIDs of those that came over a trust. Times are the caller's business.
[[nodiscard]] KdcResult<OpenTicket> open_tgt(const Context& ctx, const Ticket& ticket);

// A service ticket to `service`, opened with one of its keys; every PAC signature that is there verified, and those
// demanded that each DC of the domain writes. SERVER_NOMATCH where it names another account, MODIFIED where it does not
// hold.
[[nodiscard]] KdcResult<OpenTicket> open_evidence(const Context& ctx, const Ticket& ticket,
                                                  const AccountEntry& service);

// TKT_EXPIRED, TKT_NYV.
[[nodiscard]] KdcResult<void> check_times(const Context& ctx, const EncTicketPart& part);

// authorization-data without any PAC in it, at the top or within AD-IF-RELEVANT.
[[nodiscard]] AuthorizationData without_pac(const AuthorizationData& data);

}  // namespace stead::kdc
