#pragma once
// Errors of MIT's libkrb5 that are not codes of the protocol: what `kinit`, `klist` and GSS-API programs print.
#include <cstdint>
#include <vector>

#include "sspi_shim/protocol/errors/error_tables.h"

namespace stead::cli {

// libkrb5 counts its errors from here: KRB5KDC_ERR_BADOPTION is -1765328384 + 13. The first 128 are those of the protocol.
constexpr std::uint32_t kLibkrb5Base = static_cast<std::uint32_t>(-1765328384);
constexpr std::uint32_t kLibkrb5ProtocolErrors = 128;

[[nodiscard]] const std::vector<CodeEntry>& libkrb5_error_table();

}  // namespace stead::cli
