#pragma once
// Reads a forest file (TOML; its keys are in forest.h's words) and checks it whole before anything is served.
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "kdc/forest/forest.h"

namespace stead::kdc {

struct ForestFile {
  Forest forest;
  std::vector<std::string>
      errors;  // "FILE:LINE:COLUMN: message" in the file's order. If there are any, `forest` is not usable.
  std::vector<std::string> warnings;  // in the same form: what a directory may hold, but no DC can use
  std::string digest;                 // SHA-256 of the file, in hexadecimal: to notice changes
};

// A file that cannot be read is an error at 1:1. Relative paths in it start at its folder.
[[nodiscard]] ForestFile read_forest_file(const std::filesystem::path& file);
[[nodiscard]] ForestFile parse_forest(std::string_view text, const std::string& file_name,
                                      const std::filesystem::path& folder);

}  // namespace stead::kdc
