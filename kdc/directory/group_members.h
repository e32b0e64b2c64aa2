#pragma once
// The members of groups: accounts and groups list the groups that they belong to, and this is the other direction.
#include <unordered_map>
#include <vector>

#include "kdc/directory/snapshot.h"

namespace stead::kdc {

// The direct members of one group.
struct MembersOfGroup {
  std::vector<const AccountEntry*> accounts;
  std::vector<NamedGroup> groups;
};

// Of one snapshot, which must outlive it.
class GroupMembers {
 public:
  explicit GroupMembers(const Snapshot& snapshot);
  [[nodiscard]] const MembersOfGroup& of(const Group& group) const;

 private:
  std::unordered_map<const Group*, MembersOfGroup> members_;
};

}  // namespace stead::kdc
