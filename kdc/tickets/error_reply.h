#pragma once
// KRB-ERROR messages.
#include "kdc/tickets/context.h"
#include "kdc/tickets/kdc_result.h"
#include "sspi_shim/protocol/messages/kdc_messages.h"

namespace stead::kdc {

// The KRB-ERROR of a rejection. `request`: null if it could not be decoded.
[[nodiscard]] Buffer error_reply(const Context& ctx, const Rejection& rejection, const KdcReq* request);

// A KRB-ERROR with nothing but a code, for a request that is not decoded.
[[nodiscard]] Buffer bare_error_reply(const DomainEntry& domain, Instant now, KrbErrc code);

}  // namespace stead::kdc
