#pragma once
// Points in time as text, in UTC.
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace stead {

// RFC 3339: "2026-11-22T14:00:00Z", and with milliseconds "2026-11-22T14:00:00.123Z".
[[nodiscard]] std::string rfc3339(std::chrono::sys_seconds time);
void append_rfc3339_milliseconds(std::string& out, std::chrono::system_clock::time_point time);
[[nodiscard]] std::string rfc3339_milliseconds(std::chrono::system_clock::time_point time);

// The date of an HTTP header (RFC 9110 §5.6.7): "Sun, 06 Nov 1994 08:49:37 GMT".
[[nodiscard]] std::string http_date(std::chrono::sys_seconds time);
[[nodiscard]] std::optional<std::chrono::sys_seconds> parse_http_date(std::string_view text);

}  // namespace stead
