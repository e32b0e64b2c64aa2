#pragma once
// A certificate from a PEM file.
#include <cstdint>
#include <string>
#include <vector>

namespace stead::cli {

// The first certificate of the file, in DER. Empty: `message` is one line that names the file.
[[nodiscard]] std::vector<std::uint8_t> read_certificate(const std::string& path, std::string& message);

}  // namespace stead::cli
