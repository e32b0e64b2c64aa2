#pragma once
// The cmdlets of the ActiveDirectory module: Get-ADUser, Set-ADComputer, Add-ADGroupMember and so on.
#include "kdc/commands/command_context.h"

namespace stead::kdc {

// False: no cmdlet has this name.
[[nodiscard]] bool run_directory_cmdlet(CommandContext& context);

}  // namespace stead::kdc
