#pragma once
// SID filtering of a PAC that arrives over a trust (MS-PAC §4.1.2.2). Pure.
#include "kdc/directory/snapshot.h"
#include "sspi_shim/protocol/pac/pac_logon_info.h"

namespace stead::kdc {

// Removes the SIDs that the trust does not let its partner assert, and the domain-local groups of other domains. False:
// the partner may not speak for the PAC's own domain, so the request fails.
[[nodiscard]] bool filter_sids(PacLogonInfo& logon, const Snapshot& snapshot, const TrustEntry& trust);

// S-1-5-1000, "Other Organization", marks a user who came in over a trust with selective authentication: at this KDC
// and, in the TGTs and referrals that it issues, at every other of the forest.
inline const Sid kOtherOrganization{5, {1000}};
void mark_other_organization(PacLogonInfo& logon, const TrustEntry& trust);

// Removes domain-local groups (resource groups, and their form in ExtraSids), which mean something in one domain only.
void drop_domain_local_groups(PacLogonInfo& logon);

}  // namespace stead::kdc
