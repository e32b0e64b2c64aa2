#include "kdc/ldap/changes/change_target.h"

#include <algorithm>

#include "kdc/forest/controller_accounts.h"
#include "kdc/forest/forest_names.h"
#include "kdc/forest/name_case.h"
#include "sspi_shim/base/text.h"

namespace stead::kdc {
namespace {

template <class List>
auto* named(List& list, std::string_view name) {
  const auto found =
      std::find_if(list.begin(), list.end(), [&](const auto& each) { return is_same_name(each.name, name); });
  return found == list.end() ? nullptr : &*found;
}

}  // namespace

ChangeTarget find_target(Forest& forest, const LdapName& name) {
  ChangeTarget out;
  out.domain = find_domain(forest, to_upper(zone_of(name)));
  if (out.domain == nullptr || name.size() < 3 || name[0].type != "cn" || name[2].type != "dc") return out;
  const auto& container = name[1].value;
  if (name[1].type == "cn" && equal_ignoring_case(container, "Users")) {
    out.account = named(out.domain->accounts, name[0].value);
    if (out.account != nullptr && out.account->is_computer()) out.account = nullptr;
    if (out.account == nullptr) out.group = named(out.domain->groups, name[0].value);
  } else if (equal_ignoring_case(container, "Computers") || equal_ignoring_case(container, "Domain Controllers")) {
    for (const auto& text : {name[0].value + '$', name[0].value})
      if (out.account == nullptr || !out.account->is_computer()) out.account = named(out.domain->accounts, text);
    if (out.account != nullptr && !out.account->is_computer()) out.account = nullptr;
  }
  return out;
}

std::string group_text(const Domain& home, const Domain& domain, const Group& group) {
  return &home == &domain ? group.name : domain.netbios + '\\' + group.name;
}

std::optional<Sid> creator_of(const Account& account) {
  for (const auto& attribute : account.other_attributes)
    if (attribute.name == "mS-DS-CreatorSID")
      if (auto sid = parse_sid(attribute.value)) return std::move(*sid);
  return std::nullopt;
}

Relation relation_to(const LdapCaller& caller, const Forest& forest, const Domain& domain, const Account& account) {
  if (caller.is_anonymous()) return Relation::none;
  if (is_administrator(caller, forest, domain)) return Relation::administrator;
  if (caller.sid.empty()) return Relation::none;
  if (caller.sid == domain.sid.with_rid(account.rid)) return Relation::self;
  return creator_of(account) == caller.sid ? Relation::creator : Relation::none;
}

LdapResult insufficient_rights(std::string_view what) {
  return {LdapCode::insufficient_access_rights,
          "00002098: SecErr: problem 4003 (INSUFF_ACCESS_RIGHTS), " + std::string(what)};
}

LdapResult unwilling(std::string_view why) {
  return {LdapCode::unwilling_to_perform, "0000001F: SvcErr: problem 5003 (WILL_NOT_PERFORM), " + std::string(why)};
}

LdapResult violation(std::string_view why) {
  return {LdapCode::constraint_violation, "000020B5: AtrErr: problem 1005 (CONSTRAINT_ATT_TYPE), " + std::string(why)};
}

}  // namespace stead::kdc
