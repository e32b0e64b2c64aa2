#pragma once
// For a server that accepts its clients by GSSAPI itself (gss_accept_sec_context) and wants to act for them.
#include <gssapi/gssapi.h>

#include <cstdint>
#include <span>

#include "stead/s4u.h"

namespace stead {
inline namespace [[gnu::visibility("default")]] v0 {

// The client of an accepted context, with his ticket to us as evidence. `token`: the token of his that carried it, as it was given to
// gss_accept_sec_context (the first one, as a rule). The context must be whole, accepted by us and of Kerberos, raw or within SPNEGO, and its
// client must be the ticket's: else permission_denied. What the token itself lacks is a WireErrc, a ticket that the client's keytab does
// not open an integrity error.
[[nodiscard]] Result<Identity> identity_from_context(Client& client, gss_ctx_id_t context,
                                                     std::span<const std::uint8_t> token);

}  // namespace v0
}  // namespace stead
