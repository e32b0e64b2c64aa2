#pragma once
// Get-ADDefaultDomainPasswordPolicy and Set-ADDefaultDomainPasswordPolicy.
#include <chrono>
#include <optional>
#include <string_view>

#include "kdc/commands/command_context.h"

namespace stead::kdc {

// "00:30:00", "42.00:00:00" (days first) or "0"; nothing: it is no time.
[[nodiscard]] std::optional<std::chrono::seconds> time_span(std::string_view text);
// True for a parameter of Set-ADDefaultDomainPasswordPolicy, in lower case.
[[nodiscard]] bool is_policy_option(std::string_view name);
// For the domain of -Identity or the first operand, -Server, or the only one.
void run_policy_cmdlet(CommandContext& context, bool set);

}  // namespace stead::kdc
