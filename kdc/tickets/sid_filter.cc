#include "kdc/tickets/sid_filter.h"

#include <algorithm>
#include <cstdint>
#include <string>

namespace stead::kdc {
namespace {

constexpr std::uint32_t kResourceAttribute = 0x20000000;  // SE_GROUP_RESOURCE

bool is_domain_sid(const Sid& sid) {
  return sid.authority == 5 && !sid.subauthorities.empty() && sid.subauthorities[0] == 21;
}

// The table's AlwaysFilter rows. S-1-18-*, how the user was authenticated, is in no row and passes.
bool always_filtered(const Sid& sid, bool within_forest) {
  if (sid.authority <= 3) return true;
  if (sid.authority != 5 || is_domain_sid(sid)) return false;
  return !(within_forest && (sid == well_known_sid::enterprise_domain_controllers || sid == kOtherOrganization));
}

bool in_forest(const Snapshot& snapshot, const Sid& domain_sid, const std::string& forest) {
  return std::ranges::any_of(snapshot.forest().domains,
                             [&](const Domain& domain) { return domain.forest == forest && domain.sid == domain_sid; });
}

}  // namespace

void mark_other_organization(PacLogonInfo& logon, const TrustEntry& trust) {
  if (!trust.trust->selective_authentication || logon.has_sid(kOtherOrganization)) return;
  logon.extra_sids.push_back({kOtherOrganization, 7});
  logon.user_flags |= logon_user_flag::extra_sids;
}

void drop_domain_local_groups(PacLogonInfo& logon) {
  logon.resource_group_domain_sid = {};
  logon.resource_groups.clear();
  logon.user_flags &= ~logon_user_flag::resource_groups;
  std::erase_if(logon.extra_sids,
                [](const SidAndAttributes& extra) { return (extra.attributes & kResourceAttribute) != 0; });
  if (logon.extra_sids.empty()) logon.user_flags &= ~logon_user_flag::extra_sids;
}

bool filter_sids(PacLogonInfo& logon, const Snapshot& snapshot, const TrustEntry& trust) {
  const std::string& own_forest = trust.self->domain->forest;
  const std::string& partner_forest = trust.partner->domain->forest;
  const bool within_forest = own_forest == partner_forest;
  const bool quarantined = trust.trust->kind == TrustKind::external || within_forest;
  const bool from_own_forest = in_forest(snapshot, logon.logon_domain_id, own_forest);
  if (!within_forest && from_own_forest) return false;
  if (trust.trust->sid_filtering && !quarantined && !in_forest(snapshot, logon.logon_domain_id, partner_forest))
    return false;
  if (trust.trust->sid_filtering && quarantined && logon.logon_domain_id != trust.partner->domain->sid) return false;

  drop_domain_local_groups(logon);
  std::erase_if(logon.extra_sids, [&](const SidAndAttributes& extra) {
    const Sid& sid = extra.sid;
    if (always_filtered(sid, within_forest)) return true;
    if (!is_domain_sid(sid)) return false;
    const Sid domain = sid.domain();
    if (!within_forest && in_forest(snapshot, domain, own_forest)) return true;
    if (!trust.trust->sid_filtering) return false;
    if (quarantined) return domain != trust.partner->domain->sid;
    return !in_forest(snapshot, domain, partner_forest) || (sid.rid() < 1000 && domain != logon.logon_domain_id);
  });
  if (logon.extra_sids.empty()) logon.user_flags &= ~logon_user_flag::extra_sids;
  return true;
}

}  // namespace stead::kdc
