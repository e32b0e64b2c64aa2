#pragma once
// Finds the account that a command names, and writes distinguished names.
#include <string>
#include <string_view>
#include <vector>

#include "kdc/commands/command_context.h"

namespace stead::kdc {

enum class AccountKind { any, user, computer };

struct FoundAccount {
  Domain* domain = nullptr;
  Account* account = nullptr;
  explicit operator bool() const { return account != nullptr; }
};

// By NETBIOS\name, name@REALM, or a name that only one domain has. Null, with a fault, if no account or several match.
[[nodiscard]] FoundAccount find_named_account(CommandContext& context, const std::string& name, AccountKind kind);
// Every account with this SPN in the domains of the forest `forest_name`.
[[nodiscard]] std::vector<FoundAccount> accounts_with_spn(Forest& forest, std::string_view spn,
                                                          std::string_view forest_name);

[[nodiscard]] std::string domain_dn(const Domain& domain);                           // DC=root,DC=fabrikam,DC=com
[[nodiscard]] std::string account_dn(const Domain& domain, const Account& account);  // CN=web,CN=Computers,DC=…
// The SID's text if no account or group has it.
[[nodiscard]] std::string principal_dn(const Forest& forest, const Sid& sid);

}  // namespace stead::kdc
