#include "kdc/commands/account_query.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "kdc/commands/logon_limits.h"
#include "kdc/directory/logon_failures.h"
#include "kdc/directory/password_policy.h"
#include "kdc/forest/forest_names.h"
#include "kdc/forest/logon_hours.h"
#include "sspi_shim/base/text.h"
#include "sspi_shim/protocol/security/sddl_writer.h"
#include "sspi_shim/protocol/security/security_descriptor.h"

namespace stead::kdc {
namespace {

enum class Shown { always, if_asked };

struct Property {
  std::string name;
  std::variant<std::string, std::vector<std::string>> value;
  Shown shown = Shown::if_asked;
};

std::string in_braces(const std::vector<std::string>& list) {
  std::string out = "{";
  for (const auto& value : list) out.append(out.size() == 1 ? "" : ", ").append(value);
  return out + '}';
}

std::string in_list(const std::vector<std::string>& list) {
  std::string out;
  for (const auto& value : list) out.append(out.empty() ? "" : ",").append(value);
  return out;
}

std::string truth(bool value) {
  return value ? "True" : "False";
}

std::vector<std::string> allowed_principals(const Forest& forest, const Account& account) {
  std::vector<std::string> out;
  if (account.allowed_to_act)
    for (const auto& sid : principals_allowed_to_act(*account.allowed_to_act)) out.push_back(principal_dn(forest, sid));
  return out;
}

std::vector<Property> properties_of(const Forest& forest, const FoundAccount& found) {
  const auto& account = *found.account;
  const bool computer = account.is_computer();
  const auto short_name = computer ? account.name.substr(0, account.name.size() - 1) : account.name;
  const auto types = account.supported_encryption_types;
  const auto& rare = *account.rare;
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  const bool locked = is_lockout_in_force(found.domain->policy, rare.lockout_time, now);
  const auto end = password_expiry(*found.domain, account);
  return {
      {"AccountExpirationDate", time_text(rare.expires)},
      {"AccountLockoutTime", locked ? time_text(rare.lockout_time) : ""},
      {"AccountNotDelegated", truth(account.has(account_flag::not_delegated))},
      {"DistinguishedName", account_dn(*found.domain, account), Shown::always},
      {"DoesNotRequirePreAuth", truth(account.has(account_flag::no_preauth))},
      {"Enabled", truth(!account.has(account_flag::disabled)), Shown::always},
      {"LockedOut", truth(locked || account.has(account_flag::locked_out))},
      {"LogonHours", rare.logon_hours ? to_texts(*rare.logon_hours) : std::vector<std::string>{}},
      {"LogonWorkstations", in_list(rare.workstations)},
      {"MemberOf", account.groups},
      {"msDS-AllowedToActOnBehalfOfOtherIdentity", account.allowed_to_act ? to_sddl(*account.allowed_to_act) : ""},
      {"msDS-AllowedToDelegateTo", account.allowed_to_delegate_to},
      {"msDS-KeyVersionNumber", std::to_string(account.secret.kvno)},
      {"msDS-SupportedEncryptionTypes", types ? std::to_string(*types) : ""},
      {"Name", short_name, Shown::always},
      {"ObjectClass", computer ? "computer" : "user", Shown::always},
      {"PasswordExpired", truth(account.has(account_flag::password_expired) || (end && *end <= now))},
      {"PasswordLastSet", time_text(account.password_last_set)},
      {"PasswordNeverExpires", truth(account.has(account_flag::password_never_expires))},
      {"PrincipalsAllowedToDelegateToAccount", allowed_principals(forest, account)},
      {"SamAccountName", account.name, Shown::always},
      {"ServicePrincipalNames", account.spns},
      {"SID", to_string(found.domain->sid.with_rid(account.rid)), Shown::always},
      {"SmartcardLogonRequired", truth(account.has(account_flag::smartcard_required))},
      {"TrustedForDelegation", truth(account.has(account_flag::trusted_for_delegation))},
      {"TrustedToAuthForDelegation", truth(account.has(account_flag::trusted_to_auth_for_delegation))},
      {"UserPrincipalName", account.upn, Shown::always},
  };
}

bool has_name(const std::vector<std::string>& names, std::string_view name) {
  return std::any_of(names.begin(), names.end(),
                     [&](const std::string& other) { return equal_ignoring_case(other, name); });
}

// The names of -Properties. Refuses the command if there is no property of a name.
std::vector<std::string> asked_properties(CommandContext& context, const std::vector<Property>& properties) {
  std::vector<std::string> asked;
  if (const auto* value = context.words.option("properties")) asked = list_value(*value);
  for (auto& name : asked) {
    if (equal_ignoring_case(name, "servicePrincipalName")) name = "ServicePrincipalNames";
    const auto same = [&](const Property& property) { return equal_ignoring_case(property.name, name); };
    if (name != "*" && std::none_of(properties.begin(), properties.end(), same))
      context.refuse(context.words.name + ": One or more properties are invalid: '" + name + "'");
  }
  return asked;
}

}  // namespace

void get_account(CommandContext& context, const FoundAccount& found) {
  auto properties = properties_of(context.forest, found);
  const auto asked = asked_properties(context, properties);
  if (!context.fault.empty()) return;
  if (!has_name(asked, "*"))
    std::erase_if(properties, [&](const Property& property) {
      return property.shown == Shown::if_asked && !has_name(asked, property.name);
    });
  std::size_t width = 0;
  for (const auto& property : properties) width = std::max(width, property.name.size());
  context.json.clear();
  for (const auto& property : properties) {
    const auto* list = std::get_if<std::vector<std::string>>(&property.value);
    const auto text = list != nullptr ? in_braces(*list) : std::get<std::string>(property.value);
    context.line(property.name + std::string(width - property.name.size(), ' ') + " : " + text);
    context.json += (context.json.empty() ? "{" : ", ") + json_string(property.name) + ": " +
                    (list != nullptr ? json_array(*list) : json_string(text));
  }
  context.json += '}';
}

}  // namespace stead::kdc
