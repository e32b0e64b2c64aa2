#pragma once
// The AS exchange (RFC 4120 §3.1, MS-KILE §3.3.5.6): a client that proves its key gets a TGT, or a ticket to any
// service.
#include "kdc/tickets/context.h"
#include "kdc/tickets/kdc_result.h"
#include "sspi_shim/protocol/messages/kdc_messages.h"

namespace stead::kdc {

// `raw`: the request as received, which the checksum of PA-REQ-ENC-PA-REP covers.
[[nodiscard]] KdcResult<Buffer> handle_as(const Context& ctx, const KdcReq& request, Bytes raw);

}  // namespace stead::kdc
