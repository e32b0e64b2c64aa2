#pragma once
// objectGUIDs: of a domain for netlogon pings and DNS names, of everything for LDAP.
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "kdc/forest/forest.h"

namespace stead::kdc {

// In the byte order of a GUID. It is derived from the domain's SID (RFC 9562 version 8), because the forest file has
// no GUIDs: it is as unique as the SID and stays the same across restarts.
[[nodiscard]] std::array<std::uint8_t, 16> domain_guid(const Domain& domain);
// Of an account or group of the domain: the RID is its last part, so that it is found by its GUID.
[[nodiscard]] std::array<std::uint8_t, 16> principal_guid(const Domain& domain, std::uint32_t rid);
// The RID in it, if it is such a GUID of this domain.
[[nodiscard]] std::optional<std::uint32_t> rid_of_guid(const Domain& domain, Bytes guid);
// Of any other object, by its distinguished name.
[[nodiscard]] std::array<std::uint8_t, 16> named_guid(std::string_view name);

}  // namespace stead::kdc
