#include "kdc/ldap/changes/group_change.h"

#include <algorithm>
#include <string>

#include "kdc/forest/forest_names.h"
#include "kdc/forest/name_case.h"
#include "sspi_shim/base/text.h"

namespace stead::kdc {
namespace {

using Operation = Modification::Operation;

// True if `text`, in a list of an entry of `home`, names this group.
bool names_group(const Forest& forest, const Domain& home, std::string_view text, const Domain& domain,
                 const Group& group) {
  const auto named = split_name(forest, text);
  return named && (named->domain != nullptr ? named->domain : &home) == &domain &&
         is_same_name(named->name, group.name);
}

std::vector<std::string>& list_of(const ChangeTarget& member) {
  return member.account != nullptr ? member.account->groups : member.group->member_of;
}

class Members {
 public:
  Members(Forest& forest, const ChangeTarget& target, bool permissive)
      : forest_(forest), domain_(*target.domain), group_(*target.group), permissive_(permissive) {}

  LdapResult change(const Modification& change) {
    if (!equal_ignoring_case(change.change.attribute, "member"))
      return unwilling("the attribute " + change.change.attribute + " of a group cannot be changed here");
    if (change.operation == Operation::replace ||
        (change.operation == Operation::remove && change.change.values.empty()))
      remove_from_lists(forest_, domain_, group_);
    for (const auto& value : change.change.values) {
      const auto name = parse_ldap_name(as_text(value));
      const ChangeTarget member = name ? find_target(forest_, *name) : ChangeTarget{};
      if (member.account == nullptr && member.group == nullptr)
        return {LdapCode::no_such_object, "00002030: no member '" + std::string(as_text(value)) + "'"};
      auto done = change.operation == Operation::remove ? remove(member) : add(member);
      if (!done.ok()) return done;
    }
    return {};
  }

 private:
  bool erase(const ChangeTarget& member) {
    auto& list = list_of(member);
    const auto erased = std::erase_if(
        list, [&](const std::string& text) { return names_group(forest_, *member.domain, text, domain_, group_); });
    const bool is_protected = group_.rid == well_known_rid::protected_users && member.account != nullptr;
    const bool had_flag = is_protected && member.account->has(account_flag::protected_user);
    if (is_protected) member.account->flags &= ~account_flag::protected_user;
    return erased > 0 || had_flag;
  }

  LdapResult add(const ChangeTarget& member) {
    if (member.domain != &domain_ && group_.scope == GroupScope::global)
      return unwilling("a global group has members of its own domain only");
    if (member.group == &group_) return unwilling("a group is no member of itself");
    if (erase(member) && !permissive_) {
      list_of(member).push_back(group_text(*member.domain, domain_, group_));
      return {LdapCode::entry_already_exists, "00000562: UpdErr: problem 6005 (ENTRY_EXISTS), it is a member"};
    }
    list_of(member).push_back(group_text(*member.domain, domain_, group_));
    return {};
  }

  LdapResult remove(const ChangeTarget& member) {
    if (!erase(member) && !permissive_) return unwilling("it is no member of the group");
    return {};
  }

  Forest& forest_;
  const Domain& domain_;
  const Group& group_;
  bool permissive_;
};

}  // namespace

void remove_from_lists(Forest& forest, const Domain& domain, const Group& group) {
  for (auto& home : forest.domains) {
    const auto erase = [&](std::vector<std::string>& list) {
      std::erase_if(list, [&](const std::string& text) { return names_group(forest, home, text, domain, group); });
    };
    for (auto& account : home.accounts) erase(account.groups);
    for (auto& other : home.groups) erase(other.member_of);
  }
}

LdapResult change_group(Forest& forest, const ChangeTarget& target, const ChangeRequest& request,
                        const std::vector<Modification>& changes) {
  if (!is_administrator(request.caller, forest, *target.domain))
    return insufficient_rights("only administrators change groups");
  Members members(forest, target, request.permissive);
  for (const auto& change : changes)
    if (auto done = members.change(change); !done.ok()) return done;
  return {};
}

}  // namespace stead::kdc
