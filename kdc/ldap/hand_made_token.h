#pragma once
// SPNEGO tokens as impacket makes them: a raw AP-REQ without GSSAPI's framing (RFC 2743 §3.1), and the client's realm in
// the authenticator in the letters that the user typed. AD accepts both, libgssapi neither.
#include "kdc/directory/keys.h"
#include "sspi_shim/base/bytes.h"

namespace stead::kdc {

// The same request as libgssapi accepts it; any other token as it is. What the client proved stays to be verified:
// nothing is changed but the frame and the case of one realm. `keys`: of the service.
[[nodiscard]] Buffer framed_token(Bytes token, const Keys& keys);

}  // namespace stead::kdc
