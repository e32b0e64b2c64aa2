#pragma once
// When an account may sign in: the hours of a week, as text and as AD's logonHours.
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kdc/forest/account_policy.h"

namespace stead::kdc {

[[nodiscard]] bool is_within(const LogonHours& hours, std::chrono::sys_seconds now);

// Allows the hours of a text like "Mon-Fri 08-18" or "Sat 09-12": days, then from which hour until which, in UTC.
// "Sun 00-24" is a whole day. False: the text is none.
[[nodiscard]] bool allow_hours(LogonHours& hours, std::string_view text);
// The texts that give these hours: one for each run of days with the same hours.
[[nodiscard]] std::vector<std::string> to_texts(const LogonHours& hours);

// The octets in hexadecimal, as the directory stores them.
[[nodiscard]] std::optional<LogonHours> logon_hours_from_hex(std::string_view text);

}  // namespace stead::kdc
