#pragma once
// How an Identity of stead/s4u.h is made. Each function keeps the decoded ticket: nothing decodes it a second time.
#include <chrono>
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

// A user for whom S4U2Self gave `evidence`, a ticket to this service. `opened`: its inside, which says who the user is;
// the caller has judged it (s4u/own_ticket_check.h).
[[nodiscard]] Identity identity_by_s4u2self(CredentialPtr evidence, OpenedTicket opened, Trace trace,
                                            std::chrono::system_clock::time_point now);

// The user's ticket to this service with its session key, as a credential. Nothing for a user with a TGT, and where the
// session key is of a type that we do not have.
[[nodiscard]] std::optional<Credential> evidence_credential(const Identity::State& state);

// About how much memory it takes.
[[nodiscard]] std::size_t size_of(const Identity& identity);

}  // namespace stead
