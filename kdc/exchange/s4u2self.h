#pragma once
// S4U2Self (MS-SFU §3.2.5.1): a service gets a ticket to itself in a user's name, within a domain and across trusts.
#include "kdc/exchange/tgs_request.h"

namespace stead::kdc {

// True if the request has S4U2Self padata that a DC of this level reads.
[[nodiscard]] bool is_s4u2self(const Context& ctx, const KdcReq& request);
[[nodiscard]] KdcResult<Buffer> handle_s4u2self(const Context& ctx, const TgsRequest& tgs);

}  // namespace stead::kdc
