#pragma once
// What goes into the PAC of each kind of ticket, by the DC's level (MS-PAC, MS-KILE §3.3.5.6.4, MS-SFU §3.2.5). The
// signatures are made when the ticket is sealed (ticket_issuer.h).
#include <cstdint>
#include <string>

#include "kdc/tickets/context.h"
#include "kdc/tickets/ticket_pac.h"

namespace stead::kdc {

// Who proved the client's identity: the client with its key (S-1-18-1), or a service by S4U2Self (S-1-18-2).
enum class ProvedBy { client, service };

// A new PAC of a user of this domain: logon info and UPN_DNS_INFO.
[[nodiscard]] TicketPac fresh_pac(const Context& ctx, const AccountEntry& user, ProvedBy proved_by, Time authtime);

// PAC_CLIENT_INFO. S4U referral TGTs name `user@REALM`, all other tickets the bare name.
void set_client_info(TicketPac& pac, Time authtime, std::string name);

// PAC_ATTRIBUTES_INFO and PAC_REQUESTOR of TGTs and referrals, if DCs of this level write them.
constexpr std::uint32_t kPacWasDeclined = 0, kPacWasRequested = 1, kPacWasGivenImplicitly = 2;
void set_requestor(const Context& ctx, TicketPac& pac, std::uint32_t attributes, const Sid& requestor);
void drop_requestor(TicketPac& pac);

void set_delegation_info(TicketPac& pac, S4uDelegationInfo info);

// Changes the PAC to that of a service ticket to `target`: this domain's domain-local groups and no others, neither
// attributes nor requestor.
void fit_to_service(const Context& ctx, TicketPac& pac, const AccountEntry& target);
// Changes the PAC to that of a referral: no domain-local groups.
void fit_to_referral(TicketPac& pac);

}  // namespace stead::kdc
