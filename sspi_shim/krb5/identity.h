#pragma once
// How an Identity of stead/s4u.h is made. Each function keeps the decoded ticket: nothing decodes it a second time.
#include <cstddef>
#include <optional>

#include "sspi_shim/krb5/credential.h"
#include "sspi_shim/krb5/own_keys.h"

namespace stead {

// A user who presented a ticket to this service: the ticket is evidence for S4U2Proxy. `der`: the ticket's bytes, for
// its fingerprint. Fails with WireErrc::integrity where no key of `keys` opens the ticket.
[[nodiscard]] Result<Identity> identity_by_ticket(Ticket ticket, Bytes der, OwnKeys& keys);

// A principal whose TGT the client requested: a user who signed in by password, or this service itself. Tickets for
// this identity are requested with the TGT, without delegation. `trace`: of the exchanges that gave the TGT.
[[nodiscard]] Identity identity_by_tgt(CredentialPtr tgt, Trace trace);

// A user who forwarded a TGT (unconstrained delegation). Tickets are requested with it, as above.
[[nodiscard]] Identity identity_by_forwarded_tgt(CredentialPtr tgt);

// A user for whom S4U2Self gave `evidence`, a ticket to this service. `user`: the canonical name. A ticket that is not
// forwardable is opened with `keys`, to learn from its PAC whether the user is sensitive.
[[nodiscard]] Identity identity_by_s4u2self(Principal user, CredentialPtr evidence, OwnKeys& keys, Trace trace);

// The user's ticket to this service with its session key, as a credential. Opens the ticket with `keys` unless S4U2Self
// gave it. Nothing where no key opens it.
[[nodiscard]] std::optional<Credential> evidence_credential(const Identity::State& state, OwnKeys& keys);

// About how much memory it takes.
[[nodiscard]] std::size_t size_of(const Identity& identity);

}  // namespace stead
