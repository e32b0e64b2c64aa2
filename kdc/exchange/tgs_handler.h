#pragma once
// The TGS exchange (RFC 4120 §3.3, MS-KILE §3.3.5.7): service tickets, referrals, renewed and forwarded TGTs. S4U
// requests go to s4u2self.h and s4u2proxy.h.
#include "kdc/tickets/context.h"
#include "kdc/tickets/kdc_result.h"
#include "sspi_shim/protocol/messages/kdc_messages.h"

namespace stead::kdc {

[[nodiscard]] KdcResult<Buffer> handle_tgs(const Context& ctx, const KdcReq& request);

}  // namespace stead::kdc
