#pragma once
// Opens tickets that come back to a KDC: decrypts them, and verifies and reads their PAC.
#include <optional>
#include <string>

#include "kdc/tickets/context.h"
#include "kdc/tickets/kdc_result.h"
#include "kdc/tickets/ticket_pac.h"
#include "sspi_shim/protocol/messages/kdc_messages.h"

namespace stead::kdc {

struct OpenTicket {
  std::string realm;  // of the issuer
  PrincipalName sname;
  EncTicketPart part;
  const TrustEntry* trust = nullptr;      // the trust it came over; null: issued by this domain
  const AccountEntry* account = nullptr;  // evidence: the account whose key opened it
  std::optional<TicketPac> pac;
  AuthorizationData other_data;  // its authorization-data without the PAC

  // True for an S4U referral TGT: its PAC is a user's, named `user@REALM`, and its client is the front end.
  [[nodiscard]] bool is_s4u_referral() const;
  [[nodiscard]] bool is_s4u2proxy_referral() const { return is_s4u_referral() && pac->delegation.has_value(); }
};

// Opens a TGT of this domain, or one that a trusted realm issued for it. Verifies the PAC's server signature; filters
// the SIDs of tickets that came over a trust, and adds S-1-5-1000 if it has selective authentication. Does not look at
// times. POLICY: it is not a TGT.
[[nodiscard]] KdcResult<OpenTicket> open_tgt(const Context& ctx, const Ticket& ticket);

// Opens a service ticket to `service` with one of its keys. Verifies every PAC signature that is present, and demands
// those that every DC of the domain writes. SERVER_NOMATCH: the ticket names another account. MODIFIED: it does not
// decrypt, or a signature is wrong.
[[nodiscard]] KdcResult<OpenTicket> open_evidence(const Context& ctx, const Ticket& ticket,
                                                  const AccountEntry& service);

// TKT_EXPIRED, TKT_NYV.
enum class InvalidTickets { refused, accepted };  // those with the flag INVALID; accepted to be validated
[[nodiscard]] KdcResult<void> check_times(const Context& ctx, const EncTicketPart& part,
                                          InvalidTickets invalid = InvalidTickets::refused);
// The same for a TGT. One of this domain must be valid for more than kChangepwLifetime: a ticket to kadmin/changepw is
// encrypted with the same key, and its name is not sealed.
[[nodiscard]] KdcResult<void> check_tgt_times(const Context& ctx, const OpenTicket& tgt,
                                              InvalidTickets invalid = InvalidTickets::refused);

// authorization-data without any PAC, neither at the top nor within AD-IF-RELEVANT.
[[nodiscard]] AuthorizationData without_pac(const AuthorizationData& data);

}  // namespace stead::kdc
