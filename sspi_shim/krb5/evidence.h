#pragma once
// A user's ticket to us, from a ccache: what S4U2Proxy takes as evidence.
#include <string>

#include "sspi_shim/protocol/types/types.h"

namespace stead {

struct Evidence {
  Buffer ticket_der;  // Ticket
  Principal client, service;
  std::uint32_t flags = 0;  // ticket_flag
  Time auth_time{}, start_time{}, end_time{};
};

// The ticket to `service` in a ccache (a file, or TYPE:rest); of several the one that ends last. Expired ones do not
// count. Blocks. On failure `message` names the ccache, the service and what is there.
[[nodiscard]] Result<Evidence> read_evidence(const std::string& path, const Principal& service, std::string& message);

}  // namespace stead
