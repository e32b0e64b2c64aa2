#pragma once
// Changes of the attributes of one account.
#include <cstdint>
#include <string_view>

#include "kdc/ldap/changes/change_target.h"

namespace stead::kdc {

// All changes of one request, in their order. The two of unicodePwd that change a password belong together.
[[nodiscard]] LdapResult change_account(Forest& forest, const ChangeTarget& target, const ChangeRequest& request,
                                        const std::vector<Modification>& changes);

// One attribute of a new account; the caller has the right to make it.
[[nodiscard]] LdapResult set_attribute(Forest& forest, const ChangeTarget& target, const ChangeRequest& request,
                                       Relation relation, const LdapAttributeValues& values);

// The flags that userAccountControl sets. Refuses a kind of account that is not that of `account`, and, for who is no
// administrator, bits that allow delegation.
[[nodiscard]] LdapResult set_account_control(Account& account, Relation relation, std::string_view value);

}  // namespace stead::kdc
