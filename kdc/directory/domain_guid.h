#pragma once
// The objectGUID of a domain, for netlogon pings and DNS names.
#include <array>
#include <cstdint>

#include "kdc/forest/forest.h"

namespace stead::kdc {

// In the byte order of a GUID. It is derived from the domain's SID (RFC 9562 version 8), because the forest file has
// no GUIDs: it is as unique as the SID and stays the same across restarts.
[[nodiscard]] std::array<std::uint8_t, 16> domain_guid(const Domain& domain);

}  // namespace stead::kdc
