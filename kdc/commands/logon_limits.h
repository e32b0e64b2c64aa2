#pragma once
// The parameters of the cmdlets that limit an account's sign-ins: expiry, workstations, hours.
#include <cstdint>
#include <string>

#include "kdc/commands/named_account.h"

namespace stead::kdc {

// "2027-01-31T18:00:00Z"; empty for 0.
[[nodiscard]] std::string time_text(std::int64_t seconds_since_1970);

// -AccountExpirationDate: a date, or a date and time in UTC; $null for never.
void set_expiration(CommandContext& context, const FoundAccount& found, const std::string& value);
// -LogonWorkstations: names with commas; $null for any.
void set_workstations(CommandContext& context, const FoundAccount& found, const std::string& value);
// logonHours: 42 hexadecimal digits.
void set_hours(CommandContext& context, const FoundAccount& found, const std::string& value);

void set_account_expiration(CommandContext& context, const FoundAccount& found);  // Set-ADAccountExpiration
void clear_account_expiration(CommandContext& context, const FoundAccount& found);

}  // namespace stead::kdc
