#pragma once
// Selective authentication (MS-ADTS §6.1.6.7.9, TRUST_ATTRIBUTE_CROSS_ORGANIZATION; MS-APDS §3.1.5): users who came in
// over such a trust reach only the accounts that let them.
#include "kdc/tickets/context.h"
#include "kdc/tickets/ticket_issuer.h"

namespace stead::kdc {

// False if the client came in over a trust with selective authentication, here or at another domain of the forest, and
// `target` does not list any SID of its token in "Allowed to Authenticate". `plan` has the client and its PAC.
[[nodiscard]] bool may_authenticate(const Context& ctx, const TicketPlan& plan, const AccountEntry& target);

}  // namespace stead::kdc
