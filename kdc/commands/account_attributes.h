#pragma once
// The attributes of an account that commands change, and their rules.
#include <string>
#include <string_view>
#include <vector>

#include "kdc/commands/named_account.h"

namespace stead::kdc {

enum class AttributeChange { add, remove, replace };

// The values of a multi-valued attribute by its LDAP name in lower case; null: this directory does not store it.
[[nodiscard]] std::vector<std::string>* attribute_values(Account& account, std::string_view name);

// Changes one attribute.
void change_attribute(CommandContext& context, const FoundAccount& found, const std::string& name,
                      const std::vector<std::string>& values, AttributeChange change);
// Changes the attributes of a hash table, "@{'attribute'='a','b'}".
void change_attributes(CommandContext& context, const FoundAccount& found, const std::string& table,
                       AttributeChange change);

// -ServicePrincipalNames of a new account.
void set_spns(CommandContext& context, const FoundAccount& found, const std::vector<std::string>& spns);
// -PrincipalsAllowedToDelegateToAccount: the accounts and groups that resource-based delegation allows.
void set_principals(CommandContext& context, const FoundAccount& found, const std::string& value);
// -UserPrincipalName. A UPN is unique in its forest.
void set_upn(CommandContext& context, const FoundAccount& found, const std::string& upn);

}  // namespace stead::kdc
