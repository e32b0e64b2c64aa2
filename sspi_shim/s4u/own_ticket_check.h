#pragma once
// Whether the KDC's reply and the ticket in it belong together. A ticket stands beside the sealed part of a reply, so
// somebody on the path can put another one there. What is inside a ticket to our own account only the KDC can write.
#include <chrono>
#include <optional>
#include <string>

#include "sspi_shim/krb5/credential.h"
#include "sspi_shim/protocol/messages/ticket.h"

namespace stead {

// Tickets are taken this long before they begin.
inline constexpr std::chrono::minutes kStartTolerance{5};

struct OwnTicketRules {
  Principal self;
  std::string own_account{};                        // "frontend$": another name of `self`; empty: unknown
  std::chrono::system_clock::time_point realm_now;  // by the KDC's clock
};

// What is wrong with a ticket to this service, for a person; nothing: it is in order. `reply`: the KDC's reply.
// `inside`: what a key of the keytab decrypted. Compares the session keys (in constant time), the client, the service
// and its realm, and judges flags and times.
[[nodiscard]] std::optional<std::string> fault_of_own_ticket(const Credential& reply, const EncTicketPart& inside,
                                                             const OwnTicketRules& rules);

// True if the PAC says that the user has this UPN, or if it is account@REALM. Without a PAC that says it (DCs before
// 2008): if the account has the name before the '@'.
[[nodiscard]] bool is_users_upn(const EncTicketPart& inside, const std::string& upn);

// The text for a ticket that no key of the keytab decrypts.
[[nodiscard]] std::string unopened_ticket_text(const Ticket& ticket);

}  // namespace stead
