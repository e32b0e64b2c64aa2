#pragma once
// Tells whether bytes can be the reply to a request to a KDC (RFC 4120 §7.2), without a key.
#include "sspi_shim/base/bytes.h"
#include "sspi_shim/protocol/errors/error.h"

namespace stead {

// True for a datagram or frame that can be the reply to this request: one DER element with nothing after it, either of
// the reply's type or a KRB-ERROR that decodes.
[[nodiscard]] bool is_reply_to(Bytes request, Bytes reply);

// True for a KRB-ERROR with this code.
[[nodiscard]] bool is_krb_error(Bytes reply, KrbErrc code);

}  // namespace stead
