#pragma once
// Changes of a group's members.
#include <vector>

#include "kdc/ldap/changes/change_target.h"

namespace stead::kdc {

// For administrators alone.
[[nodiscard]] LdapResult change_group(Forest& forest, const ChangeTarget& target, const ChangeRequest& request,
                                      const std::vector<Modification>& changes);

// Takes the group out of every list of the forest: before it is removed.
void remove_from_lists(Forest& forest, const Domain& domain, const Group& group);

}  // namespace stead::kdc
