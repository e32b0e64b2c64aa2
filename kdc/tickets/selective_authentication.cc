#include "kdc/tickets/selective_authentication.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "kdc/lookup/trust_path.h"
#include "kdc/tickets/sid_filter.h"

namespace stead::kdc {
namespace {

// True if some domain of this forest trusts the client's forest, or the client's domain alone, selectively. A ticket
// without a PAC does not say over which trust it came in.
bool may_have_come_in_selectively(const Context& ctx, const DomainEntry& home) {
  return std::ranges::any_of(ctx.snapshot.forest().trusts, [&](const Trust& trust) {
    if (!trust.selective_authentication) return false;
    const DomainEntry* first = ctx.snapshot.domain(trust.first);
    const DomainEntry* second = ctx.snapshot.domain(trust.second);
    if (!first || !second) return false;
    if (is_same_forest(*second, ctx.domain)) std::swap(first, second);
    return is_same_forest(*first, ctx.domain) && is_same_forest(*second, home);
  });
}

}  // namespace

bool may_authenticate(const Context& ctx, const TicketPlan& plan, const AccountEntry& target) {
  if (!plan.pac) {
    const DomainEntry* home = ctx.snapshot.domain(plan.crealm);
    return !home || is_same_forest(*home, ctx.domain) || !may_have_come_in_selectively(ctx, *home);
  }
  if (!plan.pac->logon.has_sid(kOtherOrganization)) return true;
  std::vector<Sid> token = plan.pac->logon.all_sids();
  token.push_back(well_known_sid::everyone);
  token.push_back(well_known_sid::authenticated_users);
  const std::vector<Sid> local = ctx.snapshot.domain_local_groups(ctx.domain, token);
  token.insert(token.end(), local.begin(), local.end());
  return std::ranges::any_of(target.account->allowed_to_authenticate,
                             [&](const Sid& listed) { return std::ranges::find(token, listed) != token.end(); });
}

}  // namespace stead::kdc
