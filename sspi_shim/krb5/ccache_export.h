#pragma once
// Writes tickets to an MIT ccache.
#include <span>
#include <string>

#include "stead/s4u.h"

namespace stead {

// As export_ccache in stead/s4u.h, for several tickets of one user. invalid_argument: there is no ticket, they are of
// several users, or one is a TGT.
[[nodiscard]] Result<void> export_tickets(std::span<const TicketPtr> tickets, const std::string& path);

}  // namespace stead
