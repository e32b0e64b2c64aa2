#pragma once
// Several of one user's tickets in one MIT ccache.
#include <span>
#include <string>

#include "stead/s4u.h"

namespace stead {

// As export_ccache in stead/s4u.h. invalid_argument: none, or not all of one user, or a TGT is among them.
//
// MIT knows another form, the proxy credential: a ccache with the config entry proxy_impersonator, the evidence and the service's own
// TGT. Whoever reads it can act as the service, for every user; it is not written here.
[[nodiscard]] Result<void> export_tickets(std::span<const TicketPtr> tickets, const std::string& path);

}  // namespace stead
