#pragma once
// SECURITY_STATUS values of SSPI (MS-ERREF §2.1) that concern Kerberos and delegation.
#include <vector>

#include "sspi_shim/protocol/errors/error_tables.h"

namespace stead::cli {

[[nodiscard]] const std::vector<CodeEntry>& security_status_table();

}  // namespace stead::cli
