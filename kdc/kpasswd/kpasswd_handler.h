#pragma once
// Change and set password (RFC 3244), as a DC answers on port 464.
#include <string_view>

#include "kdc/directory/directory.h"

namespace stead::kdc {

// The reply to one request to a DC of `realm`. Empty: no reply, because the bytes are no kpasswd request, or the same
// request is being handled already. A request that is repeated byte for byte gets the same reply and changes nothing.
// Its ticket must be for kadmin/changepw, which is an SPN of krbtgt. Blocking (it derives keys and may write to disk):
// call it on a thread pool. `from`: the address that the reply leaves from, 4 or 16 bytes, which KRB-PRIV carries.
[[nodiscard]] Buffer kpasswd_reply(Directory& directory, std::string_view realm, Bytes request, Time now, Bytes from);

}  // namespace stead::kdc
