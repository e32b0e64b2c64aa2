#pragma once
// For a server that accepts its clients with GSSAPI itself (gss_accept_sec_context) and delegates for them.
#include <gssapi/gssapi.h>

#include <cstdint>
#include <span>

#include "stead/s4u.h"

namespace stead {
inline namespace [[gnu::visibility("default")]] v0 {

// The client of an accepted context, with its ticket to this service as evidence. `token`: the token of the client that
// contains the AP-REQ, as gss_accept_sec_context got it; usually the client's first. Sends nothing.
//
// Fails with permission_denied (generic category) unless the context is complete, was accepted (not initiated), is not
// anonymous, and has the same client as the ticket; with an error of category "wire" if the token is malformed or has
// no AP-REQ, and with its `integrity` if no key of the keytab of `client` opens the ticket.
//
// The context stays the caller's, and is only read: no other thread may use it during the call. May be called on any
// thread. Blocks only to read the keytab again if no key fits (Client::from_ticket). The context need not outlive the
// call.
[[nodiscard]] Result<Identity> identity_from_context(Client& client, gss_ctx_id_t context,
                                                     std::span<const std::uint8_t> token);

}  // namespace v0
}  // namespace stead
