#pragma once
// Change and set password (RFC 3244), as a DC answers on port 464.
#include "kdc/directory/directory.h"

namespace stead::kdc {

// The reply to one request, for the DCs of `realm`; empty where the bytes are no kpasswd request at all, or one
// that came before and is being answered. The same request once more, octet for octet, has the same reply and changes
// nothing. Tickets are for kadmin/changepw, which is krbtgt's. Blocking (it makes keys and may write to disk): off the
// event loop. `from` is the address the reply leaves from, 4 or 16 bytes, which KRB-PRIV carries.
[[nodiscard]] Buffer kpasswd_reply(Directory& directory, std::string_view realm, Bytes request, Time now, Bytes from);

}  // namespace stead::kdc
