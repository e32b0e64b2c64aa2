#pragma once
// The parameters of the ActiveDirectory cmdlets.
#include <string>
#include <string_view>

#include "kdc/commands/command_context.h"

namespace stead::kdc {

// The object that a cmdlet names: -Identity, -Name or its first operand; empty: none.
[[nodiscard]] std::string identity_of(const CommandContext& context);

// Refuses a command with a parameter that the cmdlet does not have, so that no parameter is ignored silently. Verb and
// noun are in lower case.
[[nodiscard]] bool check_parameters(CommandContext& context, std::string_view verb, std::string_view noun);

// Applies the options that switch an account flag (-Enabled, -AccountNotDelegated and so on). True: at least one was
// given.
bool set_flags(CommandContext& context, Account& account);

}  // namespace stead::kdc
