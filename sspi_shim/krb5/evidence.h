#pragma once
// A user's ticket to our service, from a ccache: S4U2Proxy takes it as evidence.
#include <cstdint>
#include <string>

#include "sspi_shim/base/problem.h"
#include "sspi_shim/protocol/types/types.h"

namespace stead {

struct Evidence {
  Buffer ticket_der;  // Ticket
  Principal client, service;
  std::uint32_t flags = 0;  // ticket_flag
  Time auth_time{}, start_time{}, end_time{};
};

// The ticket to `service` in a ccache (a file, or TYPE:rest); of several, the one that ends last. Ignores expired
// tickets. Blocks. A Problem's message names the ccache and the service, and says what the ccache has.
[[nodiscard]] Checked<Evidence> read_evidence(const std::string& path, const Principal& service);

}  // namespace stead
