#pragma once
// A certificate from a PEM file.
#include <string>

#include "sspi_shim/base/bytes.h"
#include "sspi_shim/base/problem.h"

namespace stead::cli {

// The first certificate of the file, in DER.
[[nodiscard]] Checked<Buffer> read_certificate(const std::string& path);

}  // namespace stead::cli
