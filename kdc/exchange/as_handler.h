#pragma once
// The AS exchange (RFC 4120 §3.1, MS-KILE §3.3.5.6): a TGT, or a ticket to any service, for a client who shows his key.
#include "kdc/exchange/exchange.h"

namespace stead::kdc {

// `raw`: the request as received, which PA-REQ-ENC-PA-REP's checksum covers.
[[nodiscard]] Step<Buffer> handle_as(const Context& ctx, const KdcReq& request, Bytes raw);

}  // namespace stead::kdc
