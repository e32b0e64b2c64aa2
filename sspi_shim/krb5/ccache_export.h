#pragma once
// Several of one user's tickets in one MIT ccache.
#include <span>
#include <string>

#include "stead/s4u.h"

namespace stead {

// As export_ccache in stead/s4u.h. invalid_argument: none, or not all of one user, or a TGT is among them.
//
// MIT's other form, the proxy credential, is made by Client::proxy_credential alone, where the configuration allows it.
[[nodiscard]] Result<void> export_tickets(std::span<const TicketPtr> tickets, const std::string& path);

}  // namespace stead
