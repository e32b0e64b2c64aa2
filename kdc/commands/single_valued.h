#pragma once
// The attributes of which an account has at most one value: userPrincipalName, msDS-SupportedEncryptionTypes,
// msDS-AllowedToActOnBehalfOfOtherIdentity (in SDDL).
#include <string>
#include <string_view>
#include <vector>

#include "kdc/commands/account_attributes.h"

namespace stead::kdc {

// `name` in lower case.
[[nodiscard]] bool is_single_valued(std::string_view name);
// As AD does it: Add refuses a second value, Remove one that is not there, Replace takes one value, or none to clear.
void change_single_valued(CommandContext& context, const FoundAccount& found, std::string_view name,
                          const std::vector<std::string>& values, AttributeChange change);
void clear_single_valued(const FoundAccount& found, std::string_view name);

}  // namespace stead::kdc
