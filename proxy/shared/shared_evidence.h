#pragma once
// The evidence of Kerberos sessions on all replicas: a session's ticket is stored with the others when it is kept here, and
// read from there when a request of the session comes to a replica that does not have it. A ticket that is read must be
// the one whose digest the session's cookie has.
#include <memory>

#include "proxy/shared/shared_state.h"
#include "proxy/tickets/backend_tickets.h"

namespace stead::proxy {

// For sign-in; everything else goes to `here`.
[[nodiscard]] std::shared_ptr<BackendTickets> with_shared_evidence(std::shared_ptr<BackendTickets> here,
                                                                   std::shared_ptr<SharedState> others);

}  // namespace stead::proxy
