#include "kdc/ldap/ldap_caller.h"

#include <algorithm>

#include "kdc/ldap/entries/attributes.h"
#include "sspi_shim/base/text.h"

namespace stead::kdc {
namespace {

constexpr std::uint32_t kEnterpriseAdmins = 519;

}  // namespace

bool LdapCaller::has(const Sid& group) const {
  return std::find(groups.begin(), groups.end(), group) != groups.end();
}

LdapCaller caller_of(const Snapshot& snapshot, const AccountEntry& account) {
  return {account.account->name + '@' + account.domain->domain->realm, account.sid, token_groups(snapshot, account)};
}

bool is_administrator(const LdapCaller& caller, const Forest& forest, const Domain& domain) {
  if (caller.is_anonymous()) return false;
  if (caller.sid == domain.sid.with_rid(well_known_rid::administrator)) return true;
  if (caller.has(domain.sid.with_rid(well_known_rid::domain_admins))) return true;
  if (caller.has(well_known_sid::builtin_administrators)) return true;
  return std::any_of(forest.domains.begin(), forest.domains.end(), [&](const Domain& root) {
    return equal_ignoring_case(root.realm, domain.forest) && caller.has(root.sid.with_rid(kEnterpriseAdmins));
  });
}

}  // namespace stead::kdc
