#include "kdc/ldap/changes/account_change.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kdc/commands/account_attributes.h"
#include "kdc/directory/directory_edits.h"
#include "kdc/directory/password_policy.h"
#include "kdc/forest/name_case.h"
#include "kdc/ldap/changes/described_attributes.h"
#include "kdc/ldap/entries/tree.h"
#include "kdc/ldap/password_check.h"
#include "sspi_shim/base/text.h"
#include "sspi_shim/protocol/security/security_descriptor.h"

namespace stead::kdc {
namespace {

using Operation = Modification::Operation;

constexpr std::string_view kPassword = "unicodepwd", kControl = "useraccountcontrol", kLastSet = "pwdlastset",
                           kLockoutTime = "lockouttime", kMayAct = "msds-allowedtoactonbehalfofotheridentity",
                           kSpn = "serviceprincipalname", kDelegateTo = "msds-allowedtodelegateto",
                           kMappings = "altsecurityidentities", kUpn = "userprincipalname",
                           kEnctypes = "msds-supportedencryptiontypes";

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::vector<std::string> texts(const std::vector<SecretBuffer>& values) {
  std::vector<std::string> out;
  for (const auto& value : values) out.emplace_back(as_text(value));
  return out;
}

// Who is no administrator, for their own account or a computer that they made.
bool may_change(Relation relation, const Account& account, std::string_view name) {
  if (relation == Relation::administrator) return true;
  if (relation == Relation::none) return false;
  if (is_one_of(name, {kMayAct, kControl, kLastSet})) return true;
  if (is_described(name)) return name != "dnshostname" || account.is_computer();
  return account.is_computer() && is_one_of(name, {kSpn, kEnctypes});
}

std::string host_of(std::string_view spn) {
  const auto slash = spn.find('/');
  if (slash == spn.npos) return {};
  const auto host = spn.substr(slash + 1);
  return std::string(host.substr(0, host.find_first_of(":/")));
}

// AD's validated writes: the names of a computer by itself are its own.
LdapResult check_own_names(const ChangeTarget& target, std::string_view name, const std::vector<std::string>& values) {
  const auto& account_name = target.account->name;
  const auto short_name = common_name(*target.account);
  const auto full_name = short_name + '.' + to_lower(target.domain->realm);
  const bool is_spn_list = name == kSpn;
  for (const auto& value : values) {
    const auto host = is_spn_list ? host_of(value) : value;
    const bool own = is_same_name(host, full_name) || (is_spn_list && is_same_name(host, short_name));
    if (!own) return violation("'" + value + "' is no name of " + account_name);
  }
  return {};
}

LdapResult set_password_value(const ChangeTarget& target, const ChangeRequest& request, Bytes value,
                              PasswordChange change) {
  if (!request.confidential) return unwilling("a password needs TLS or a sealed connection");
  const auto password = password_of_attribute(value);
  if (!password) return unwilling("unicodePwd is the password in quotes, in UTF-16LE");
  if (target.account->rid == well_known_rid::krbtgt)
    return insufficient_rights("krbtgt's password is not set this way");
  const auto fault = password_fault(*target.domain, *target.account, *password, change, request.now);
  if (!fault.empty()) return {LdapCode::constraint_violation, "0000052D: AtrErr: " + fault};
  edits::set_password(*target.domain, *target.account, *password, request.now);
  return {};
}

LdapResult set_allowed_to_act(Account& account, const std::vector<SecretBuffer>& values) {
  if (values.empty()) return account.allowed_to_act.reset(), LdapResult{};
  auto descriptor = decode_security_descriptor(values.front());
  if (!descriptor) return {LdapCode::invalid_attribute_syntax, "0000203D: the value is no security descriptor"};
  account.allowed_to_act = std::move(*descriptor);
  return {};
}

LdapResult set_last_set(Account& account, std::string_view value) {
  if (value == "0")
    account.flags |= account_flag::must_change_password;
  else if (value == "-1")
    account.flags &= ~account_flag::must_change_password;
  else
    return unwilling("pwdLastSet can be set to 0 or -1");
  return {};
}

LdapResult unlock(Account& account, std::string_view value) {
  if (value != "0") return unwilling("lockoutTime can be set to 0");
  account.flags &= ~account_flag::locked_out;
  account.rare.edit([](RareAttributes& rare) { rare.lockout_time = 0; });
  return {};
}

// What the cmdlets change too, by their rules.
LdapResult change_by_command_rules(Forest& forest, const ChangeTarget& target, std::string_view name,
                                   std::vector<std::string> values, AttributeChange change) {
  const CommandWords words{"LDAP", {}, {}};
  CommandContext context{words, forest, {}, {}, false, {}};
  // AD's integers are signed, and so may a value here be.
  if (name == kEnctypes)
    for (auto& value : values)
      if (const auto number = parse_number<std::int32_t>(value); number && *number < 0)
        value = std::to_string(std::uint32_t(*number));
  change_attribute(context, {target.domain, target.account}, std::string(name), values, change);
  if (!context.fault.empty()) return violation(context.fault);
  return {};
}

bool has_value(const std::vector<std::string>& list, const std::string& value) {
  return std::any_of(list.begin(), list.end(), [&](const std::string& each) { return is_same_name(each, value); });
}

// The checks of RFC 4511 §4.6 that the cmdlets do not make.
LdapResult change_list(Forest& forest, const ChangeTarget& target, const ChangeRequest& request, std::string_view name,
                       const Modification& change) {
  std::vector<std::string>& present = *attribute_values(*target.account, name);
  const auto values = texts(change.change.values);
  if (change.operation == Operation::remove && values.empty()) {
    if (present.empty() && !request.permissive) return {LdapCode::no_such_attribute, "the account has no such value"};
    present.clear();
    return {};
  }
  for (const auto& value : values) {
    if (request.permissive || change.operation == Operation::replace) break;
    const bool is_there = has_value(present, value);
    if (change.operation == Operation::add && is_there)
      return {LdapCode::attribute_or_value_exists, "00002083: AtrErr: the account has '" + value + "'"};
    if (change.operation == Operation::remove && !is_there)
      return {LdapCode::no_such_attribute, "00002085: AtrErr: the account does not have '" + value + "'"};
  }
  const auto kind = change.operation == Operation::add      ? AttributeChange::add
                    : change.operation == Operation::remove ? AttributeChange::remove
                                                            : AttributeChange::replace;
  return change_by_command_rules(forest, target, name, values, kind);
}

bool has_single(const Account& account, std::string_view name) {
  if (name == kUpn) return !account.upn.empty();
  if (name == kEnctypes) return account.supported_encryption_types.has_value();
  return name == kMayAct && account.allowed_to_act.has_value();
}

LdapResult change_single(Forest& forest, const ChangeTarget& target, const ChangeRequest& request,
                         std::string_view name, const Modification& change) {
  const auto& values = change.change.values;
  const bool has = has_single(*target.account, name);
  if (values.size() > 1) return violation(std::string(name) + " has one value");
  if (change.operation == Operation::add && has && !request.permissive)
    return {LdapCode::attribute_or_value_exists, "00002083: AtrErr: the account has a value"};
  if (change.operation == Operation::remove && !has) {
    if (request.permissive) return {};
    return {LdapCode::no_such_attribute, "00002085: AtrErr: the account has no value"};
  }
  const bool clears = change.operation == Operation::remove || values.empty();
  if (name == kMayAct) return set_allowed_to_act(*target.account, clears ? std::vector<SecretBuffer>{} : values);
  return change_by_command_rules(forest, target, name, clears ? std::vector<std::string>{} : texts(values),
                                 AttributeChange::replace);
}

LdapResult change_number(const ChangeTarget& target, Relation relation, std::string_view name,
                         const Modification& change) {
  if (change.operation == Operation::remove || change.change.values.size() != 1)
    return unwilling("replace " + std::string(name) + " by one value");
  const auto value = as_text(change.change.values.front());
  if (name == kLockoutTime) return unlock(*target.account, value);
  return name == kControl ? set_account_control(*target.account, relation, value)
                          : set_last_set(*target.account, value);
}

LdapResult change_one(Forest& forest, const ChangeTarget& target, const ChangeRequest& request, Relation relation,
                      const Modification& change) {
  const auto name = to_lower(change.change.attribute);
  if (!may_change(relation, *target.account, name)) return insufficient_rights(change.change.attribute);
  const bool names_computer = name == kSpn || name == "dnshostname";
  if (relation != Relation::administrator && names_computer && change.operation != Operation::remove)
    if (auto ok = check_own_names(target, name, texts(change.change.values)); !ok.ok()) return ok;
  if (is_one_of(name, {kSpn, kDelegateTo, kMappings})) return change_list(forest, target, request, name, change);
  if (is_one_of(name, {kUpn, kEnctypes, kMayAct})) return change_single(forest, target, request, name, change);
  if (is_one_of(name, {kControl, kLastSet, kLockoutTime})) return change_number(target, relation, name, change);
  if (is_described(name)) return change_described(*target.account, change, request.permissive);
  if (name == "samaccountname" && change.change.values.size() == 1 &&
      as_text(change.change.values.front()) == target.account->name)
    return {};
  return unwilling("the attribute " + change.change.attribute + " cannot be changed here");
}

// A replacement resets the password; one removed value and one added change it.
LdapResult change_password(const ChangeTarget& target, const ChangeRequest& request, Relation relation,
                           const std::vector<Modification>& changes) {
  const SecretBuffer *old_value = nullptr, *new_value = nullptr;
  bool resets = false;
  for (const auto& change : changes) {
    if (change.change.values.size() != 1) return unwilling("unicodePwd has one value");
    if (change.operation == Operation::remove)
      old_value = &change.change.values.front();
    else
      new_value = &change.change.values.front();
    resets = resets || change.operation == Operation::replace;
  }
  if (new_value == nullptr || (!resets && old_value == nullptr))
    return unwilling("a password is replaced, or the old one is removed and the new one added");
  if (resets) {
    if (relation != Relation::administrator && relation != Relation::creator)
      return insufficient_rights("only administrators reset passwords");
  } else {
    const auto old_password = password_of_attribute(*old_value);
    if (!old_password || !is_password_of(*target.domain, *target.account, as_bytes(*old_password)))
      return {LdapCode::constraint_violation, "00000056: AtrErr: the old password is wrong"};
  }
  return set_password_value(target, request, *new_value, resets ? PasswordChange::reset : PasswordChange::own);
}

}  // namespace

LdapResult set_account_control(Account& account, Relation relation, std::string_view value) {
  const auto number = parse_number<std::int64_t>(value);
  if (!number) return {LdapCode::invalid_attribute_syntax, "userAccountControl is a number"};
  constexpr std::uint32_t kNormal = 0x200, kTrustedDomain = 0x800, kWorkstation = 0x1000, kServer = 0x2000;
  struct Bit {
    std::uint32_t bit, flag;
    bool for_administrators;
  };
  constexpr Bit kBits[] = {{0x2, account_flag::disabled, false},
                           {0x10000, account_flag::password_never_expires, false},
                           {0x40000, account_flag::smartcard_required, false},
                           {0x80000, account_flag::trusted_for_delegation, true},
                           {0x100000, account_flag::not_delegated, false},
                           {0x400000, account_flag::no_preauth, false},
                           {0x1000000, account_flag::trusted_to_auth_for_delegation, true},
                           {0x2000000, account_flag::no_auth_data_required, true}};
  const auto control = std::uint32_t(*number);
  const std::uint32_t kind = control & (kNormal | kTrustedDomain | kWorkstation | kServer);
  const bool fits = account.is_computer() ? kind == kWorkstation || kind == kServer : kind == kNormal;
  if (kind != 0 && !fits) return violation("userAccountControl is of another kind of account");
  if (kind == kServer && relation != Relation::administrator)
    return insufficient_rights("only administrators make DCs");
  for (const auto& [bit, flag, for_administrators] : kBits) {
    const bool set = (control & bit) != 0;
    if (set == account.has(flag)) continue;
    if (for_administrators && relation != Relation::administrator)
      return insufficient_rights("only administrators allow delegation");
    account.flags = set ? account.flags | flag : account.flags & ~flag;
  }
  return {};
}

LdapResult set_attribute(Forest& forest, const ChangeTarget& target, const ChangeRequest& request, Relation relation,
                         const LdapAttributeValues& values) {
  if (equal_ignoring_case(values.attribute, kPassword)) {
    if (values.values.size() != 1) return unwilling("unicodePwd has one value");
    return set_password_value(target, request, values.values.front(), PasswordChange::reset);
  }
  return change_one(forest, target, request, relation, {Operation::replace, values});
}

LdapResult change_account(Forest& forest, const ChangeTarget& target, const ChangeRequest& request,
                          const std::vector<Modification>& changes) {
  const Relation relation = relation_to(request.caller, forest, *target.domain, *target.account);
  std::vector<Modification> of_password;
  for (const auto& change : changes) {
    if (equal_ignoring_case(change.change.attribute, kPassword)) {
      of_password.push_back(change);
      continue;
    }
    if (auto done = change_one(forest, target, request, relation, change); !done.ok()) return done;
  }
  return of_password.empty() ? LdapResult{} : change_password(target, request, relation, of_password);
}

}  // namespace stead::kdc
