#include "kdc/directory/group_members.h"

namespace stead::kdc {

GroupMembers::GroupMembers(const Snapshot& snapshot) {
  for (const Domain& domain : snapshot.forest().domains) {
    const DomainEntry& entry = *snapshot.domain(domain.realm);
    for (const AccountEntry* account : entry.accounts)
      for (const NamedGroup& found : snapshot.groups_of(*account)) members_[found.group].accounts.push_back(account);
    for (const Group& group : domain.groups)
      for (const auto& name : group.member_of)
        if (const NamedGroup found = snapshot.group(entry, name); found.group != nullptr)
          members_[found.group].groups.push_back({&entry, &group});
  }
}

const MembersOfGroup& GroupMembers::of(const Group& group) const {
  static const MembersOfGroup kNone;
  const auto found = members_.find(&group);
  return found == members_.end() ? kNone : found->second;
}

}  // namespace stead::kdc
