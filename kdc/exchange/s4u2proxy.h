#pragma once
// S4U2Proxy (MS-SFU §3.2.5.2): a service with a user's ticket to itself gets a ticket to another service in the user's
// name, within a domain and across trusts. Who may is decided by delegation_policy.h.
#include "kdc/exchange/tgs_request.h"

namespace stead::kdc {

[[nodiscard]] KdcResult<Buffer> handle_s4u2proxy(const Context& ctx, const TgsRequest& tgs);

}  // namespace stead::kdc
