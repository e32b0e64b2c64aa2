#pragma once
// RFC 3339 in UTC, as JSON and people get it.
#include <chrono>
#include <string>

namespace stead {

[[nodiscard]] std::string rfc3339(std::chrono::sys_seconds time);

}  // namespace stead
