#pragma once
// For a server that accepts its clients with GSSAPI itself (gss_accept_sec_context) and delegates for them.
#include <gssapi/gssapi.h>

#include <cstdint>
#include <span>

#include "stead/s4u.h"

namespace stead {
inline namespace [[gnu::visibility("default")]] v0 {

// The client of an accepted context, with its ticket to this service as evidence. `token`: the client's token that has
// the AP-REQ, as it was given to gss_accept_sec_context (usually the first). Fails with permission_denied unless the
// context is complete, was accepted (not initiated), is Kerberos (raw or within SPNEGO), and has the same client as the
// ticket; with a "wire" error if the token is malformed; with an integrity error if the keytab of `client` does not open
// the ticket. Sends nothing.
[[nodiscard]] Result<Identity> identity_from_context(Client& client, gss_ctx_id_t context,
                                                     std::span<const std::uint8_t> token);

}  // namespace v0
}  // namespace stead
