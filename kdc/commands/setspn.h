#pragma once
// setspn -L -S -A -D -Q -X, with the output of the Windows tool.
#include "kdc/commands/command_context.h"

namespace stead::kdc {

void run_setspn(CommandContext& context);

}  // namespace stead::kdc
