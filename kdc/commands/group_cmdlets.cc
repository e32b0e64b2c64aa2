#include "kdc/commands/group_cmdlets.h"

#include <string>
#include <vector>

#include "kdc/commands/cmdlet_parameters.h"
#include "kdc/commands/named_account.h"
#include "kdc/forest/forest_names.h"
#include "kdc/forest/name_case.h"
#include "sspi_shim/base/text.h"

namespace stead::kdc {
namespace {

struct FoundGroup {
  const Domain* domain = nullptr;
  const Group* group = nullptr;
};

// By NETBIOS\name, name@REALM, or a name that only one domain has. Null, with a fault, if no group or several match.
FoundGroup find_named_group(CommandContext& context, const std::string& name) {
  const auto* own = context.server();
  if (!context.fault.empty()) return {};
  std::vector<FoundGroup> found;
  const auto split = split_name(context.forest, name);
  for (const auto& domain : context.forest.domains)
    if (split && (split->domain != nullptr ? split->domain == &domain : own == nullptr || own == &domain))
      if (const auto* group = find_group(domain, split->name)) found.push_back({&domain, group});
  if (found.size() == 1) return found.front();
  context.refuse(found.empty()
                     ? context.words.name + ": Cannot find an object with identity: '" + name + "'"
                     : "Several domains have the group '" + name + "': write NETBIOS\\name, or say -Server REALM");
  return {};
}

}  // namespace

void change_members(CommandContext& context, MembershipChange change) {
  const auto group_name = identity_of(context);
  const auto* members = context.words.option("members");
  if (group_name.empty() || members == nullptr)
    return context.misunderstood(context.words.name + ": name a group and -Members A,B");
  const FoundGroup target = find_named_group(context, group_name);
  if (target.group == nullptr) return;
  const Domain& domain = *target.domain;
  const Group& group = *target.group;
  for (const auto& name : list_value(*members)) {
    const auto found = find_named_account(context, name, AccountKind::any);
    if (!found) return;
    if (found.domain != &domain && group.scope == GroupScope::global)
      return context.refuse(context.words.name + ": '" + group.name +
                            "' is global: it takes members of its own domain only");
    std::erase_if(found.account->groups, [&](const std::string& text) {
      const auto named = split_name(context.forest, text);
      return named && (named->domain != nullptr ? named->domain : found.domain) == &domain &&
             is_same_name(named->name, group.name);
    });
    if (change == MembershipChange::add)
      found.account->groups.push_back(found.domain == &domain ? group.name : domain.netbios + '\\' + group.name);
    else if (group.rid == well_known_rid::protected_users)
      found.account->flags &= ~account_flag::protected_user;
  }
}

}  // namespace stead::kdc
