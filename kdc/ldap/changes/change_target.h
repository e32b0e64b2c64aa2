#pragma once
// The objects of a forest that a change names, and the refusals that changes share.
#include <optional>
#include <string>
#include <string_view>

#include "kdc/forest/forest.h"
#include "kdc/ldap/changes/directory_change.h"
#include "kdc/ldap/entries/ldap_name.h"

namespace stead::kdc {

// An account or a group in a forest that is being edited.
struct ChangeTarget {
  Domain* domain = nullptr;
  Account* account = nullptr;
  Group* group = nullptr;
};
// By its DN; `account` and `group` are null where nothing has that name, `domain` where no domain of the file has it.
[[nodiscard]] ChangeTarget find_target(Forest& forest, const LdapName& name);

// The text that stands for "this domain's group" in the lists of an account or group of `home`.
[[nodiscard]] std::string group_text(const Domain& home, const Domain& domain, const Group& group);

enum class Relation { none, creator, self, administrator };
[[nodiscard]] Relation relation_to(const LdapCaller& caller, const Forest& forest, const Domain& domain,
                                   const Account& account);
// The SID that made the computer, from mS-DS-CreatorSID; nothing for others.
[[nodiscard]] std::optional<Sid> creator_of(const Account& account);

[[nodiscard]] LdapResult insufficient_rights(std::string_view what);
[[nodiscard]] LdapResult unwilling(std::string_view why);
[[nodiscard]] LdapResult violation(std::string_view why);

}  // namespace stead::kdc
