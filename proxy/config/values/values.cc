#include "proxy/config/values/values.h"

#include <charconv>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace stead::proxy {
std::optional<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

void read_duration(TomlTable& table, std::string_view key, FileErrors&, std::chrono::seconds& out) {
  table.duration(key, out);
}

void read_path(TomlTable& table, std::string_view key, const FileErrors& errors, std::string& out) {
  if (table.text(key, out)) out = beside_file(errors.file(), out);
}

}  // namespace stead::proxy
