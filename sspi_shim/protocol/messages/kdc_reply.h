#pragma once
// Which bytes are the reply to a request to a KDC (RFC 4120 §7.2), seen from outside.
#include "sspi_shim/base/bytes.h"
#include "sspi_shim/protocol/errors/error.h"

namespace stead {

// True for a datagram or frame that can be the reply to this request: one DER element and nothing after it, either of
// the reply's type or a KRB-ERROR that decodes. It is not decrypted.
[[nodiscard]] bool is_reply_to(Bytes request, Bytes reply);

// True for a KRB-ERROR with this code.
[[nodiscard]] bool is_krb_error(Bytes reply, KrbErrc code);

}  // namespace stead
