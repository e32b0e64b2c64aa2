#include "kdc/commands/account_attributes.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kdc/commands/single_valued.h"
#include "kdc/forest/forest_names.h"
#include "kdc/forest/name_case.h"
#include "sspi_shim/base/text.h"

namespace stead::kdc {
namespace {

void check_spns(CommandContext& context, const FoundAccount& found, std::string_view name,
                const std::vector<std::string>& values) {
  if (name == "altsecurityidentities") return;
  for (const auto& value : values) {
    if (!is_spn(value)) return context.refuse("'" + value + "' is not an SPN: write SERVICE/HOST, without a realm");
    if (name == "msds-allowedtodelegateto") continue;
    for (const auto& holder : accounts_with_spn(context.forest, value, found.domain->forest))
      if (holder.account != found.account)
        return context.refuse(
            "The operation failed because SPN value provided for addition/modification is not unique forest-wide: " +
            account_dn(*holder.domain, *holder.account) + " has " + value);
  }
}

// In the account's own domain, else in the only domain that has such an account or group.
std::optional<NamedPrincipal> find_allowed_principal(CommandContext& context, const FoundAccount& found,
                                                     const std::string& name) {
  auto own = find_principal(context.forest, *found.domain, name);
  if (own) return own;
  std::vector<NamedPrincipal> others;
  for (const auto& domain : context.forest.domains)
    if (name.find_first_of("\\@") == name.npos)
      if (auto other = find_principal(context.forest, domain, name)) others.push_back(*other);
  if (others.size() == 1) return others.front();
  if (others.size() > 1)
    context.refuse("Several domains have '" + name + "': write NETBIOS\\name");
  else
    context.refuse(
        "Identity info provided in the extended attribute: 'PrincipalsAllowedToDelegateToAccount' could not be "
        "resolved: no account or group '" +
        name + "'");
  return std::nullopt;
}

bool is_upn_free(CommandContext& context, const FoundAccount& found, const std::string& upn) {
  if (upn.empty()) return true;
  for (const auto& other : context.forest.domains) {
    if (!equal_ignoring_case(other.forest, found.domain->forest)) continue;
    for (const auto& account : other.accounts) {
      if (&account == found.account || !is_same_name(account.upn, upn)) continue;
      context.refuse(
          "The operation failed because UPN value provided for addition/modification is not unique forest-wide: " +
          account_dn(other, account) + " has it");
      return false;
    }
  }
  return true;
}

}  // namespace

std::vector<std::string>* attribute_values(Account& account, std::string_view name) {
  if (name == "msds-allowedtodelegateto") return &account.allowed_to_delegate_to;
  if (name == "serviceprincipalname" || name == "serviceprincipalnames") return &account.spns;
  if (name == "altsecurityidentities") return &account.alt_security_identities;
  return nullptr;
}

void change_attribute(CommandContext& context, const FoundAccount& found, const std::string& name,
                      const std::vector<std::string>& values, AttributeChange change) {
  if (is_single_valued(name)) return change_single_valued(context, found, name, values, change);
  auto* present = attribute_values(*found.account, name);
  if (present == nullptr)
    return context.refuse(
        context.words.name + ": the attribute '" + name +
        "' is not stored here; msDS-AllowedToDelegateTo, servicePrincipalName, altSecurityIdentities, "
        "userPrincipalName, msDS-SupportedEncryptionTypes and "
        "msDS-AllowedToActOnBehalfOfOtherIdentity are");
  if (change != AttributeChange::remove) check_spns(context, found, name, values);
  if (change == AttributeChange::replace) present->clear();
  for (const auto& value : values) {
    const auto same = [&](const std::string& other) { return is_same_name(other, value); };
    if (change == AttributeChange::remove)
      std::erase_if(*present, same);
    else if (std::none_of(present->begin(), present->end(), same))
      present->push_back(value);
  }
}

void change_attributes(CommandContext& context, const FoundAccount& found, const std::string& table,
                       AttributeChange change) {
  const auto attributes = table_value(table);
  if (!attributes)
    return context.misunderstood(context.words.name +
                                 ": write @{'msDS-AllowedToDelegateTo'='SPN'} (in double quotes, for a shell)");
  for (const auto& [name, values] : *attributes) {
    change_attribute(context, found, name, values, change);
    if (!context.fault.empty()) return;
  }
}

void set_spns(CommandContext& context, const FoundAccount& found, const std::vector<std::string>& spns) {
  check_spns(context, found, "serviceprincipalname", spns);
  found.account->spns = spns;
}

void set_principals(CommandContext& context, const FoundAccount& found, const std::string& value) {
  if (value.empty())
    return context.misunderstood(context.words.name +
                                 ": -PrincipalsAllowedToDelegateToAccount needs accounts, or $null for none (in "
                                 "quotes, '$null', where a shell would expand it)");
  if (is_null_value(value)) {
    found.account->allowed_to_act.reset();
    return;
  }
  std::vector<Sid> sids;
  for (const auto& name : list_value(value)) {
    const auto principal = find_allowed_principal(context, found, name);
    if (!principal) return;
    sids.push_back(principal->sid);
  }
  found.account->allowed_to_act = allowed_to_act_descriptor(sids);
}

void set_upn(CommandContext& context, const FoundAccount& found, const std::string& upn) {
  if (is_upn_free(context, found, upn)) found.account->upn = upn;
}

}  // namespace stead::kdc
