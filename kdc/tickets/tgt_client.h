#pragma once
// For whom a TGT is: as the header ticket of a TGS-REQ, as the second ticket of a user-to-user request, and as the armor
// of a request under FAST it is judged in the same way.
#include "kdc/tickets/ticket_opening.h"

namespace stead::kdc {

// The account of a TGT's client; null for a client of another realm. A client of this domain must still be the account
// in the TGT. For a client of another realm, the trust must be allowed to speak.
[[nodiscard]] KdcResult<const AccountEntry*> check_tgt_client(const Context& ctx, const OpenTicket& tgt);

}  // namespace stead::kdc
