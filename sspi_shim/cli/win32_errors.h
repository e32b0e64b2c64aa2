#pragma once
// Win32 error codes (MS-ERREF §2.2) that programs and event logs print where a sign-in or a delegation fails.
#include <vector>

#include "sspi_shim/protocol/errors/error_tables.h"

namespace stead::cli {

[[nodiscard]] const std::vector<CodeEntry>& win32_error_table();

}  // namespace stead::cli
