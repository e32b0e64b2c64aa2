#pragma once
// Kinds of value that the proxy's tables have: times, whole numbers within limits, files. Each reader adds an error at
// the value's place where it is not of its kind, and leaves `out` alone then and where the key is absent.
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sspi_shim/base/toml_table.h"

namespace stead::proxy {

// All of `text` as a decimal number.
[[nodiscard]] std::optional<std::int64_t> parse_integer(std::string_view text);

// "90s", "30m", "8h", "7d" or a number of seconds; at least one second.
void read_duration(TomlTable& table, std::string_view key, FileErrors& errors, std::chrono::seconds& out);

// A path; a relative one starts at the configuration's folder.
void read_path(TomlTable& table, std::string_view key, const FileErrors& errors, std::string& out);

}  // namespace stead::proxy
