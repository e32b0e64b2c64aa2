#include "kdc/commands/directory_commands.h"

#include <algorithm>

#include "kdc/commands/command_context.h"

namespace stead::kdc {
namespace {

bool is_of_kind(const Account& account, AccountKind kind) {
  return kind == AccountKind::any || account.is_computer() == (kind == AccountKind::computer);
}

}  // namespace

Domain* CommandContext::server() {
  const auto* name = words.option("server");
  if (name == nullptr) name = words.option("t");
  if (name == nullptr) return nullptr;
  auto* found = find_domain(forest, unquote(*name));
  if (found == nullptr)
    refuse("Unable to contact the server " + unquote(*name) + ": no such domain in this forest file");
  return found;
}

FoundAccount find_named_account(CommandContext& context, const std::string& name, AccountKind kind) {
  if (name.empty()) return context.misunderstood(context.words.name + ": name an account"), FoundAccount{};
  auto* server = context.server();
  if (!context.fault.empty()) return {};
  const auto split = split_name(context.forest, name);
  std::vector<FoundAccount> found;
  if (split) {
    for (auto& domain : context.forest.domains) {
      if (split->domain != nullptr ? &domain != split->domain : server != nullptr && &domain != server) continue;
      auto* account = find_account(domain, split->name);
      // A user and a computer may share a name but for the $.
      if (account != nullptr && !is_of_kind(*account, kind))
        account = find_account(domain, std::string(split->name) + '$');
      if (account != nullptr && is_of_kind(*account, kind)) found.push_back({&domain, account});
    }
  }
  if (found.size() == 1) return found.front();
  if (found.empty()) {
    context.refuse(context.words.name + " : Cannot find an object with identity: '" + name + "' under: '" +
                   domain_dn(server != nullptr                   ? *server
                             : split && split->domain != nullptr ? *split->domain
                                                                 : context.forest.domains.front()) +
                   "'.");
    return {};
  }
  std::string where;
  for (const auto& each : found)
    where += (where.empty() ? "" : ", ") + each.domain->netbios + '\\' + each.account->name;
  context.refuse("Several domains have '" + name + "': name one of " + where + ", or say -Server REALM");
  return {};
}

std::string domain_dn(const Domain& domain) {
  std::string out;
  const auto zone = to_lower(domain.realm);
  for (std::size_t begin = 0; begin < zone.size();) {
    const auto dot = std::min(zone.find('.', begin), zone.size());
    out.append(out.empty() ? "DC=" : ",DC=").append(zone, begin, dot - begin);
    begin = dot + 1;
  }
  return out;
}

std::string account_dn(const Domain& domain, const Account& account) {
  const bool computer = account.is_computer();
  const auto name = computer ? account.name.substr(0, account.name.size() - 1) : account.name;
  return "CN=" + name + (computer ? ",CN=Computers," : ",CN=Users,") + domain_dn(domain);
}

std::string principal_dn(const Forest& forest, const Sid& sid) {
  for (const auto& domain : forest.domains) {
    if (!sid.is_in(domain.sid)) continue;
    for (const auto& account : domain.accounts)
      if (account.rid == sid.rid()) return account_dn(domain, account);
    for (const auto& group : domain.groups)
      if (group.rid == sid.rid()) return "CN=" + group.name + ",CN=Users," + domain_dn(domain);
  }
  return to_string(sid);
}

std::vector<FoundAccount> accounts_with_spn(Forest& forest, std::string_view spn, std::string_view forest_name) {
  std::vector<FoundAccount> out;
  for (auto& domain : forest.domains) {
    if (!equal_ignoring_case(domain.forest, forest_name)) continue;
    for (auto& account : domain.accounts)
      for (const auto& has : account.spns)
        if (equal_ignoring_case(has, spn)) out.push_back({&domain, &account});
  }
  return out;
}

CommandResult run_directory_command(DirectoryStore& store, const std::vector<std::string>& words) {
  const auto command = split_command(words);
  CommandResult result;
  bool understood = true, usage_fault = false;
  const auto edit = [&](Forest& forest) {
    CommandContext context{command, forest, {}, {}, false, "{}"};
    if (equal_ignoring_case(command.name, "setspn") || equal_ignoring_case(command.name, "setspn.exe"))
      run_setspn(context);
    else
      understood = run_service_cmdlet(context) || run_cmdlet(context);
    result.output = std::move(context.output);
    result.json = std::move(context.json);
    usage_fault = context.usage_fault;
    return understood ? context.fault
                      : "stead-kdc: no command '" + command.name + "'; there are:\n" + directory_usage();
  };
  result.error = store.change(edit);
  if (!result.error.empty()) result.exit_status = !understood || usage_fault ? 2 : 1;
  return result;
}

std::string directory_usage() {
  return "  setspn -L NAME | -S SPN NAME | -D SPN NAME | -Q SPN | -X\n"
         "  Get-ADUser | Get-ADComputer | Get-ADServiceAccount NAME [-Properties P,...]\n"
         "  Set-ADUser | Set-ADComputer | Set-ADServiceAccount NAME [-PrincipalsAllowedToDelegateToAccount A,B] [-Add "
         "| -Remove | -Replace @{'attribute'='value'}]\n"
         "      [-Clear attribute] [-UserPrincipalName U] [-TrustedForDelegation $true] [-AccountNotDelegated $true] "
         "[-Enabled $true]\n"
         "  Set-ADAccountControl NAME [-TrustedToAuthForDelegation $true] [-TrustedForDelegation $true] "
         "[-AccountNotDelegated $true]\n"
         "      [-DoesNotRequirePreAuth $true] [-Enabled $true]\n"
         "  New-ADUser | New-ADComputer NAME -AccountPassword P [-UserPrincipalName U] [-ServicePrincipalNames S,...] "
         "[-Enabled $true]\n"
         "  Set-ADAccountPassword NAME -Reset -NewPassword P\n"
         "  Enable-ADAccount | Disable-ADAccount | Unlock-ADAccount NAME\n"
         "  Add-ADGroupMember | Remove-ADGroupMember GROUP -Members A,B\n"
         "  Remove-ADUser | Remove-ADComputer | Remove-ADServiceAccount NAME\n"
         "  Suspend-Service | Resume-Service | Get-Service Netlogon -ComputerName DC\n"
         "NAME is NETBIOS\\name, or a name that only one domain has; -Server REALM chooses the domain.\n";
}

}  // namespace stead::kdc
