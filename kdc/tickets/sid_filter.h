#pragma once
// SID filtering of a PAC that comes in over a trust (MS-PAC §4.1.2.2). Pure.
#include "kdc/directory/snapshot.h"
#include "sspi_shim/protocol/pac/pac_logon_info.h"

namespace stead::kdc {

// Takes out what the trust does not let its partner assert, and the domain-local groups of other domains. False: the
// PAC's own domain is not one the partner may speak for, and the request fails.
[[nodiscard]] bool filter_sids(PacLogonInfo& logon, const Snapshot& snapshot, const TrustEntry& trust);

// Takes out resource groups and what stands for them in ExtraSids: domain-local groups mean something in one domain
// only.
void drop_domain_local_groups(PacLogonInfo& logon);

}  // namespace stead::kdc
