#include "kdc/commands/account_cmdlets.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "kdc/commands/account_attributes.h"
#include "kdc/commands/cmdlet_parameters.h"
#include "kdc/commands/logon_limits.h"
#include "kdc/commands/single_valued.h"
#include "kdc/directory/directory_edits.h"
#include "kdc/directory/password_policy.h"
#include "kdc/forest/account_salt.h"
#include "kdc/forest/forest_names.h"
#include "kdc/forest/name_case.h"
#include "sspi_shim/base/text.h"

namespace stead::kdc {
namespace {

std::int64_t unix_time() {
  return std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
}

// -ServicePrincipalNames @{Add='HTTP/web.example.com'}
void change_spns(CommandContext& context, const FoundAccount& found, const std::string& value) {
  const auto table = table_value(value);
  if (!table)
    return context.misunderstood(context.words.name + ": write -ServicePrincipalNames @{Add='HTTP/web.example.com'}");
  for (const auto& [verb, spns] : *table) {
    const auto change = verb == "add"      ? AttributeChange::add
                        : verb == "remove" ? AttributeChange::remove
                                           : AttributeChange::replace;
    change_attribute(context, found, "serviceprincipalname", spns, change);
  }
}

// "AES128,AES256" as msDS-SupportedEncryptionTypes (MS-KILE 2.2.7).
void set_encryption_types(CommandContext& context, Account& account, const std::string& value) {
  constexpr std::pair<std::string_view, std::uint32_t> kTypes[] = {
      {"None", 0}, {"DES", 3}, {"RC4", 4}, {"AES128", 8}, {"AES256", 16}};
  std::uint32_t types = 0;
  for (const auto& name : list_value(value)) {
    const auto* const found = std::find_if(std::begin(kTypes), std::end(kTypes),
                                           [&](const auto& type) { return equal_ignoring_case(type.first, name); });
    if (found == std::end(kTypes))
      return context.misunderstood(context.words.name +
                                   ": -KerberosEncryptionType takes None, DES, RC4, AES128, AES256");
    types |= found->second;
  }
  account.supported_encryption_types = types;
}

void clear_attributes(CommandContext& context, const FoundAccount& found, const std::string& value) {
  for (const auto& name : list_value(value)) {
    if (auto* values = attribute_values(*found.account, to_lower(name)))
      values->clear();
    else if (is_single_valued(to_lower(name)))
      clear_single_valued(found, to_lower(name));
    else
      return context.refuse(context.words.name + ": the attribute '" + name + "' is not stored here");
  }
}

// The domain and the name of a new account. Null, with a fault, if the name is not possible or taken.
std::pair<Domain*, std::string> place_of_new(CommandContext& context, AccountKind kind) {
  const auto& words = context.words;
  auto* domain = context.server();
  if (!context.fault.empty()) return {};
  const auto text = identity_of(context);
  const auto split = split_name(context.forest, text);
  if (!split) {
    context.refuse(words.name + ": no domain of '" + text + "' in this forest file");
    return {};
  }
  if (split->domain != nullptr) domain = find_domain(context.forest, split->domain->realm);
  if (domain == nullptr) domain = &context.forest.domains.front();
  auto name = std::string(split->name);
  if (const auto* sam = words.option("samaccountname")) name = unquote(*sam);
  if (const auto fault = account_name_fault(name); !fault.empty()) {
    context.misunderstood(words.name + ": " + fault);
    return {};
  }
  if (kind == AccountKind::computer && name.back() != '$') name += '$';
  const auto has_name = [&](const auto& entry) { return is_same_name(entry.name, name); };
  if (std::any_of(domain->accounts.begin(), domain->accounts.end(), has_name) ||
      std::any_of(domain->groups.begin(), domain->groups.end(), has_name)) {
    context.refuse(words.name + ": The specified account already exists: '" + name + "' in " + domain_dn(*domain));
    return {};
  }
  return {domain, std::move(name)};
}

bool may_have_password(CommandContext& context, const Domain& domain, const Account& account,
                       const std::string& password, PasswordChange change) {
  const auto fault = password_fault(domain, account, password, change, unix_time());
  if (fault.empty()) return true;
  context.refuse(context.words.name +
                 ": The password does not meet the length, complexity, or history requirement of the domain: " + fault);
  return false;
}

}  // namespace

void new_account(CommandContext& context, AccountKind kind) {
  const auto& words = context.words;
  auto [domain, name] = place_of_new(context, kind);
  if (domain == nullptr) return;
  const auto* password = words.option("accountpassword");
  if (password == nullptr || unquote(*password).empty())
    return context.misunderstood(words.name + ": -AccountPassword P is needed");
  Account account;
  account.name = std::move(name);
  if (!may_have_password(context, *domain, account, unquote(*password), PasswordChange::reset)) return;
  account.secret.password = unquote(*password);
  account.password_last_set = unix_time();
  account.rid = domain->next_rid++;
  domain->accounts.push_back(std::move(account));
  const FoundAccount made{domain, &domain->accounts.back()};
  set_flags(context, *made.account);
  if (const auto* upn = words.option("userprincipalname")) set_upn(context, made, unquote(*upn));
  if (const auto* names = words.option("logonworkstations")) set_workstations(context, made, *names);
  if (const auto* date = words.option("accountexpirationdate")) set_expiration(context, made, *date);
  if (const auto* spns = words.option("serviceprincipalnames")) set_spns(context, made, list_value(*spns));
  if (const auto* principals = words.option("principalsallowedtodelegatetoaccount"))
    set_principals(context, made, *principals);
  made.account->salt_name = salt_name_of(*made.account);
}

void set_account(CommandContext& context, const FoundAccount& found) {
  const auto& words = context.words;
  bool any = set_flags(context, *found.account);
  const auto apply = [&](std::string_view option, const auto& action) {
    const auto* value = words.option(option);
    if (value == nullptr || !context.fault.empty()) return;
    any = true;
    action(*value);
  };
  apply("principalsallowedtodelegatetoaccount",
        [&](const std::string& value) { set_principals(context, found, value); });
  apply("userprincipalname", [&](const std::string& value) {
    set_upn(context, found, is_null_value(value) ? std::string() : unquote(value));
  });
  apply("logonworkstations", [&](const std::string& value) { set_workstations(context, found, value); });
  apply("accountexpirationdate", [&](const std::string& value) { set_expiration(context, found, value); });
  apply("serviceprincipalnames", [&](const std::string& value) { change_spns(context, found, value); });
  apply("kerberosencryptiontype",
        [&](const std::string& value) { set_encryption_types(context, *found.account, value); });
  apply("clear", [&](const std::string& value) { clear_attributes(context, found, value); });
  for (const auto& [option, change] : {std::pair{"remove", AttributeChange::remove},
                                       {"add", AttributeChange::add},
                                       {"replace", AttributeChange::replace}})
    apply(option, [&, change = change](const std::string& value) { change_attributes(context, found, value, change); });
  if (!any) context.misunderstood(words.name + ": say what to set");
}

void set_account_control(CommandContext& context, const FoundAccount& found) {
  if (!set_flags(context, *found.account))
    context.misunderstood(context.words.name + ": say what to set, as in -TrustedToAuthForDelegation '$true'");
}

void set_account_password(CommandContext& context, const FoundAccount& found) {
  const auto& words = context.words;
  const auto* next = words.option("newpassword");
  if (next == nullptr || unquote(*next).empty())
    return context.misunderstood(words.name + ": -NewPassword P is needed");
  if (words.option("reset") == nullptr) {
    const auto* old = words.option("oldpassword");
    if (old == nullptr) return context.misunderstood(words.name + ": say -Reset, or -OldPassword P");
    if (found.account->secret.password != unquote(*old))
      return context.refuse(words.name + ": The specified network password is not correct");
  }
  const auto change = words.option("reset") != nullptr ? PasswordChange::reset : PasswordChange::own;
  if (!may_have_password(context, *found.domain, *found.account, unquote(*next), change)) return;
  edits::set_password(*found.domain, *found.account, unquote(*next), unix_time());
}

void remove_account(CommandContext& context, const FoundAccount& found) {
  if (found.account->rid == well_known_rid::krbtgt)
    return context.refuse(context.words.name + ": Access is denied: krbtgt makes the domain's tickets");
  found.domain->accounts.erase(found.domain->accounts.begin() + (found.account - found.domain->accounts.data()));
}

void enable_account(CommandContext&, const FoundAccount& found) {
  found.account->flags &= ~account_flag::disabled;
}
void disable_account(CommandContext&, const FoundAccount& found) {
  found.account->flags |= account_flag::disabled;
}
void unlock_account(CommandContext&, const FoundAccount& found) {
  found.account->flags &= ~account_flag::locked_out;
  found.account->rare.edit([](RareAttributes& rare) { rare.lockout_time = 0; });
}

}  // namespace stead::kdc
