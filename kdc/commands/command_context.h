#pragma once
// What setspn and the cmdlets share: the forest at hand, the account that a NAME means, distinguished names.
#include "kdc/commands/command_words.h"
#include "kdc/commands/directory_commands.h"
#include "kdc/directory/forest_names.h"

namespace stead::kdc {

// A command that cannot go on fills `fault` and returns.
struct CommandContext {
  const CommandWords& words;
  Forest& forest;
  std::string output;
  std::string fault;
  bool usage_fault = false;  // exit 2 in place of 1
  std::string json;          // what a query found, for --json

  void refuse(std::string why) {
    if (fault.empty()) fault = std::move(why);
  }
  void misunderstood(std::string why) {
    usage_fault = usage_fault || fault.empty();
    refuse(std::move(why));
  }
  void line(std::string_view text) { output.append(text).push_back('\n'); }

  // -Server (or setspn's -T); null with a fault where it names no domain, null without one where it is absent.
  Domain* server();
};

enum class AccountKind { any, user, computer };

struct FoundAccount {
  Domain* domain = nullptr;
  Account* account = nullptr;
  explicit operator bool() const { return account != nullptr; }
};
// NETBIOS\name, name@REALM, or a name that one domain only has. Null with a fault where it means nobody, or several.
[[nodiscard]] FoundAccount find_named_account(CommandContext& context, const std::string& name, AccountKind kind);

[[nodiscard]] std::string domain_dn(const Domain& domain);                           // DC=root,DC=fabrikam,DC=com
[[nodiscard]] std::string account_dn(const Domain& domain, const Account& account);  // CN=web,CN=Computers,DC=…
[[nodiscard]] std::string principal_dn(const Forest& forest, const Sid& sid);  // the SID's text where nobody has it
// Every account of `forest_name`'s domains that has this SPN.
[[nodiscard]] std::vector<FoundAccount> accounts_with_spn(Forest& forest, std::string_view spn,
                                                          std::string_view forest_name);

// setspn -L -S -A -D -Q -X; and the cmdlets. The caller keeps the changed forest where there is no fault.
void run_setspn(CommandContext& context);
[[nodiscard]] bool run_cmdlet(CommandContext& context);  // false: no cmdlet of this name
// Suspend-Service, Resume-Service and Get-Service of a controller's Netlogon. False: none of them.
[[nodiscard]] bool run_service_cmdlet(CommandContext& context);

}  // namespace stead::kdc
