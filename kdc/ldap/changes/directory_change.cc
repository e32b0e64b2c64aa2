#include "kdc/ldap/changes/directory_change.h"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>

#include "kdc/forest/account_salt.h"
#include "kdc/forest/forest_names.h"
#include "kdc/forest/name_case.h"
#include "kdc/ldap/changes/account_change.h"
#include "kdc/ldap/changes/group_change.h"
#include "sspi_shim/base/text.h"
#include "sspi_shim/protocol/crypto/crypto.h"
#include "sspi_shim/protocol/crypto/enctype_rules.h"

namespace stead::kdc {
namespace {

constexpr std::size_t kMachineAccountQuota = 10;  // ms-DS-MachineAccountQuota of a new domain

LdapResult no_object(std::string_view name) {
  return {LdapCode::no_such_object, "0000208D: NameErr: no account or group '" + std::string(name) + "'"};
}

// The target of a change at this DC: names of other domains are referred.
LdapResult find_object(Forest& forest, const ChangeRequest& request, const std::string& text, LdapName& name,
                       ChangeTarget& target) {
  auto parsed = parse_ldap_name(text);
  if (!parsed || parsed->empty())
    return {LdapCode::invalid_dn_syntax, "0000208F: NameErr: this is no distinguished name"};
  name = std::move(*parsed);
  target = find_target(forest, name);
  if (target.domain == nullptr) return no_object(text);
  if (equal_ignoring_case(target.domain->realm, request.realm)) return {};
  const auto zone = to_lower(target.domain->realm);
  return {LdapCode::referral, "0000202B: RefErr: the object is in " + zone, {}, {"ldap://" + zone + '/' + text}};
}

const LdapAttributeValues* given(const AddRequest& add, std::string_view name) {
  const auto found = std::find_if(add.attributes.begin(), add.attributes.end(),
                                  [&](const auto& each) { return equal_ignoring_case(each.attribute, name); });
  return found == add.attributes.end() ? nullptr : &*found;
}

bool has_class(const AddRequest& add, std::string_view name) {
  const auto* classes = given(add, "objectClass");
  return classes != nullptr && std::any_of(classes->values.begin(), classes->values.end(), [&](const auto& value) {
           return equal_ignoring_case(as_text(value), name);
         });
}

std::string text_of(const AddRequest& add, std::string_view name, std::string otherwise) {
  const auto* values = given(add, name);
  return values == nullptr || values->values.size() != 1 ? otherwise : std::string(as_text(values->values.front()));
}

// What an add says once, and not as an attribute to be set.
bool is_part_of_name(std::string_view attribute) {
  for (const std::string_view name : {"objectClass", "cn", "name", "sAMAccountName", "distinguishedName",
                                      "objectCategory", "groupType", "instanceType"})
    if (equal_ignoring_case(attribute, name)) return true;
  return false;
}

LdapResult check_new_name(const Domain& domain, const std::string& common_name, const std::string& name) {
  if (const auto fault = account_name_fault(name); !fault.empty()) return violation(fault);
  if (!is_same_name(name, common_name) && !is_same_name(name, common_name + '$'))
    return unwilling("the cn and the sAMAccountName of an account are one name here");
  const auto same = [&](const auto& each) { return is_same_name(each.name, name); };
  if (std::any_of(domain.accounts.begin(), domain.accounts.end(), same) ||
      std::any_of(domain.groups.begin(), domain.groups.end(), same))
    return {LdapCode::entry_already_exists, "00000524: UpdErr: '" + name + "' exists"};
  return {};
}

LdapResult check_quota(const ChangeRequest& request, const Domain& domain) {
  const auto made = std::count_if(domain.accounts.begin(), domain.accounts.end(),
                                  [&](const Account& account) { return creator_of(account) == request.caller.sid; });
  if (std::size_t(made) < kMachineAccountQuota) return {};
  return {LdapCode::unwilling_to_perform, "0000216D: SvcErr: problem 5003 (WILL_NOT_PERFORM), the caller has made " +
                                              std::to_string(kMachineAccountQuota) +
                                              " computers (ms-DS-MachineAccountQuota)"};
}

LdapResult add_group(const ChangeRequest& request, const AddRequest& add, Forest& forest, Domain& domain,
                     const std::string& name) {
  if (!is_administrator(request.caller, forest, domain)) return insufficient_rights("only administrators make groups");
  constexpr std::uint32_t kLocal = 4, kUniversal = 8;
  const auto type = parse_number<std::int64_t>(text_of(add, "groupType", "2"));
  if (!type) return {LdapCode::invalid_attribute_syntax, "groupType is a number"};
  Group group;
  group.name = name;
  group.rid = domain.next_rid++;
  if ((std::uint32_t(*type) & kLocal) != 0) group.scope = GroupScope::domain_local;
  if ((std::uint32_t(*type) & kUniversal) != 0) group.scope = GroupScope::universal;
  domain.groups.push_back(std::move(group));
  if (const auto* members = given(add, "member"))
    return change_group(forest, {&domain, nullptr, &domain.groups.back()}, request,
                        {{Modification::Operation::add, *members}});
  return {};
}

Account new_account(const ChangeRequest& request, Domain& domain, std::string name) {
  Account out;
  out.name = std::move(name);
  out.rid = domain.next_rid++;
  out.salt_name = salt_name_of(out);
  out.password_last_set = request.now;
  for (const EncType type : directory_enctypes(domain.allow_rc4 ? Rc4::allowed : Rc4::refused))
    out.secret.keys.push_back(Key::random(type).to_encryption_key());
  return out;
}

LdapResult add_account(const ChangeRequest& request, const AddRequest& add, Forest& forest, Domain& domain,
                       const std::string& name) {
  const bool computer = has_class(add, "computer");
  const bool administrator = is_administrator(request.caller, forest, domain);
  if (computer != name.ends_with('$')) return violation("the name of a computer, and of no other account, ends with $");
  if (!administrator) {
    if (!computer || request.caller.sid.empty()) return insufficient_rights("only administrators make users");
    if (auto ok = check_quota(request, domain); !ok.ok()) return ok;
  }
  domain.accounts.push_back(new_account(request, domain, name));
  Account& account = domain.accounts.back();
  if (!administrator) account.other_attributes.push_back({"mS-DS-CreatorSID", to_string(request.caller.sid)});
  const ChangeTarget target{&domain, &account, nullptr};
  const Relation relation = administrator ? Relation::administrator : Relation::creator;
  bool has_password = false;
  for (const auto& values : add.attributes) {
    if (is_part_of_name(values.attribute)) continue;
    has_password = has_password || equal_ignoring_case(values.attribute, "unicodePwd");
    if (auto done = set_attribute(forest, target, request, relation, values); !done.ok()) return done;
  }
  // The first password, whether it was given or is random.
  account.salt_name = salt_name_of(account);
  account.secret.kvno = 1;
  account.previous_secret.reset();
  // AD makes a user without a password disabled.
  if (!has_password && !computer) account.flags |= account_flag::disabled;
  return {};
}

LdapResult add(Forest& forest, const ChangeRequest& request, const AddRequest& add) {
  LdapName name;
  ChangeTarget target;
  if (auto found = find_object(forest, request, add.entry, name, target); !found.ok()) return found;
  if (request.caller.is_anonymous()) return insufficient_rights("an anonymous client makes nothing");
  const bool computer = has_class(add, "computer"), group = has_class(add, "group");
  if (!computer && !group && !has_class(add, "user"))
    return {LdapCode::object_class_violation, "00002014: users, computers and groups can be added"};
  if (name.size() < 3 || name[0].type != "cn" || name[1].type != "cn" || name[2].type != "dc" ||
      !equal_ignoring_case(name[1].value, computer ? "Computers" : "Users"))
    return {LdapCode::naming_violation, std::string("00002099: NameErr: it belongs below CN=") +
                                            (computer ? "Computers" : "Users") + " of the domain"};
  const auto& common_name = name[0].value;
  const auto account_name = text_of(add, "sAMAccountName", computer ? common_name + '$' : common_name);
  if (auto ok = check_new_name(*target.domain, common_name, account_name); !ok.ok()) return ok;
  return group ? add_group(request, add, forest, *target.domain, account_name)
               : add_account(request, add, forest, *target.domain, account_name);
}

LdapResult remove(Forest& forest, const ChangeRequest& request, const std::string& entry) {
  LdapName name;
  ChangeTarget target;
  if (auto found = find_object(forest, request, entry, name, target); !found.ok()) return found;
  if (target.account == nullptr && target.group == nullptr) return no_object(entry);
  if (!is_administrator(request.caller, forest, *target.domain))
    return insufficient_rights("only administrators delete");
  constexpr std::uint32_t kFirstOrdinaryRid = 1000;
  const std::uint32_t rid = target.account != nullptr ? target.account->rid : target.group->rid;
  if (rid < kFirstOrdinaryRid && rid != well_known_rid::administrator)
    return unwilling("krbtgt and the groups of every domain stay");
  if (target.account != nullptr) {
    auto& accounts = target.domain->accounts;
    accounts.erase(accounts.begin() + (target.account - accounts.data()));
  } else {
    remove_from_lists(forest, *target.domain, *target.group);
    auto& groups = target.domain->groups;
    groups.erase(groups.begin() + (target.group - groups.data()));
  }
  return {};
}

LdapResult modify(Forest& forest, const ChangeRequest& request, const ModifyRequest& modify) {
  LdapName name;
  ChangeTarget target;
  if (auto found = find_object(forest, request, modify.object, name, target); !found.ok()) return found;
  if (target.account != nullptr) return change_account(forest, target, request, modify.changes);
  if (target.group != nullptr) return change_group(forest, target, request, modify.changes);
  return no_object(modify.object);
}

}  // namespace

LdapResult change_forest(Forest& forest, const ChangeRequest& request) {
  if (const auto* operation = std::get_if<ModifyRequest>(&request.operation))
    return modify(forest, request, *operation);
  if (const auto* operation = std::get_if<AddRequest>(&request.operation)) return add(forest, request, *operation);
  if (const auto* operation = std::get_if<DeleteRequest>(&request.operation))
    return remove(forest, request, operation->entry);
  return unwilling("an object keeps its name");
}

LdapResult apply_change(Directory& directory, const ChangeRequest& request) {
  LdapResult result;
  const auto stored = directory.change([&](Forest& forest) -> Checked<void> {
    result = change_forest(forest, request);
    if (!result.ok()) return Problem{result.message, {}, {}};
    return {};
  });
  if (!stored && result.ok()) return {LdapCode::unavailable, "the change could not be stored"};
  return result;
}

}  // namespace stead::kdc
