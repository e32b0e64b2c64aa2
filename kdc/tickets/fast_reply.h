#pragma once
// Replies and errors under FAST (RFC 6113 §5.4.3, §5.4.4).
#include "kdc/tickets/context.h"
#include "kdc/tickets/kdc_result.h"
#include "sspi_shim/protocol/messages/kdc_messages.h"

namespace stead::kdc {

// The reply key strengthened by a random key, which armor_reply() sends to the client; without FAST `reply_key` itself.
// Once for each reply.
[[nodiscard]] KdcResult<Key> strengthen(const Context& ctx, const Key& reply_key);

// Moves the padata of a finished reply into a PA-FX-FAST, with the strengthen-key and the proof that this KDC knows the
// armor key (KrbFastFinished). Hides the client's name if the request wants that. ctx.fast must have a value.
void armor_reply(const Context& ctx, KdcRep& reply);
// The same for an error: KRB-ERROR itself and its padata go into the METHOD-DATA of a KRB-ERROR with the same code.
void armor_error(const Context& ctx, KrbError& error, PaDataList padata);

}  // namespace stead::kdc
