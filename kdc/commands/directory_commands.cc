#include "kdc/commands/directory_commands.h"

#include <string>
#include <utility>
#include <vector>

#include "kdc/commands/command_context.h"
#include "kdc/commands/directory_cmdlets.h"
#include "kdc/commands/service_cmdlets.h"
#include "kdc/commands/setspn.h"
#include "sspi_shim/base/text.h"

namespace stead::kdc {

CommandResult apply_directory_command(Forest& forest, const std::vector<std::string>& words) {
  const auto command = split_command(words);
  CommandContext context{command, forest, {}, {}, false, "{}"};
  if (equal_ignoring_case(command.name, "setspn") || equal_ignoring_case(command.name, "setspn.exe"))
    run_setspn(context);
  else if (!run_service_cmdlet(context) && !run_directory_cmdlet(context))
    context.misunderstood("stead-kdc: no command '" + command.name + "'; there are:\n" + directory_usage());
  CommandResult result;
  result.output = std::move(context.output);
  result.json = std::move(context.json);
  result.error = std::move(context.fault);
  if (!result.error.empty()) result.exit_status = context.usage_fault ? 2 : 1;
  return result;
}

CommandResult run_directory_command(DirectoryStore& store, const std::vector<std::string>& words) {
  CommandResult result;
  const auto edit = [&](Forest& forest) -> Checked<void> {
    result = apply_directory_command(forest, words);
    if (!result.error.empty()) return Problem{std::move(result.error), {}, {}};
    return {};
  };
  if (const auto done = store.change(edit); !done) {
    result.error = to_string(done.error());
    if (result.exit_status == 0) result.exit_status = 1;  // the disk
  }
  return result;
}

std::string directory_usage() {
  return "  setspn -L NAME | -S SPN NAME | -D SPN NAME | -Q SPN | -X\n"
         "  Get-ADUser | Get-ADComputer | Get-ADServiceAccount NAME [-Properties P,...]\n"
         "  Set-ADUser | Set-ADComputer | Set-ADServiceAccount NAME [-PrincipalsAllowedToDelegateToAccount A,B] [-Add "
         "| -Remove | -Replace @{'attribute'='value'}]\n"
         "      [-Clear attribute] [-UserPrincipalName U] [-TrustedForDelegation $true] [-AccountNotDelegated $true] "
         "[-Enabled $true]\n"
         "      [-KerberosEncryptionType AES128,AES256] [-ChangePasswordAtLogon $false] [-PasswordNeverExpires $true]\n"
         "  Set-ADAccountControl NAME [-TrustedToAuthForDelegation $true] [-TrustedForDelegation $true] "
         "[-AccountNotDelegated $true]\n"
         "      [-DoesNotRequirePreAuth $true] [-Enabled $true]\n"
         "  New-ADUser | New-ADComputer NAME -AccountPassword P [-UserPrincipalName U] [-ServicePrincipalNames S,...] "
         "[-Enabled $true]\n"
         "  Set-ADAccountPassword NAME -Reset -NewPassword P\n"
         "  Get-ADDefaultDomainPasswordPolicy | Set-ADDefaultDomainPasswordPolicy [DOMAIN] [-LockoutThreshold N] "
         "[-LockoutDuration 00:30:00]\n"
         "      [-LockoutObservationWindow T] [-MinPasswordLength N] [-PasswordHistoryCount N] [-ComplexityEnabled "
         "$true]\n"
         "      [-MinPasswordAge T] [-MaxPasswordAge T]\n"
         "  Set-ADAccountExpiration NAME -DateTime 2027-01-31 | Clear-ADAccountExpiration NAME\n"
         "  Enable-ADAccount | Disable-ADAccount | Unlock-ADAccount NAME\n"
         "  Add-ADGroupMember | Remove-ADGroupMember GROUP -Members A,B\n"
         "  Remove-ADUser | Remove-ADComputer | Remove-ADServiceAccount NAME\n"
         "  Suspend-Service | Resume-Service | Get-Service Netlogon -ComputerName DC\n"
         "NAME is NETBIOS\\name, or a name that only one domain has; -Server REALM chooses the domain.\n";
}

}  // namespace stead::kdc
