#pragma once
// The TGS exchange (RFC 4120 §3.3, MS-KILE §3.3.5.7): service tickets, referrals, renewed and forwarded TGTs; S4U in
// s4u_handler.h.
#include "kdc/exchange/exchange.h"

namespace stead::kdc {

[[nodiscard]] Step<Buffer> handle_tgs(const Context& ctx, const KdcReq& request, Bytes raw);

}  // namespace stead::kdc
