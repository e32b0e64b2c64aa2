#pragma once
// Suspend-Service, Resume-Service and Get-Service for the Netlogon service of a domain controller. A DC whose Netlogon
// is paused answers netlogon pings with "paused", so that clients choose another DC.
#include "kdc/commands/command_context.h"

namespace stead::kdc {

// False: the command is none of them.
[[nodiscard]] bool run_service_cmdlet(CommandContext& context);

}  // namespace stead::kdc
