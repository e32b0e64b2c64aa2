#pragma once
// The entries of a directory that are neither accounts nor groups: the heads of the naming contexts, their containers,
// trusts, crossRefs, sites and DCs.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kdc/ldap/entries/tree.h"

namespace stead::kdc {

// A parent stands before its children.
[[nodiscard]] std::vector<FixedEntry> make_fixed_entries(const Tree& tree);

// trustDirection and trustAttributes (MS-ADTS §6.1.6.7) of one side of a trust.
[[nodiscard]] std::uint32_t trust_direction(const TrustEntry& trust);
[[nodiscard]] std::uint32_t trust_attributes(const TrustEntry& trust);
// msDS-Behavior-Version (MS-ADTS §6.1.4.2).
[[nodiscard]] int behavior_version(Level level);

}  // namespace stead::kdc
