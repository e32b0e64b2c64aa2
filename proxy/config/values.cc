#include "proxy/config/values.h"

#include <charconv>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace stead::proxy {
namespace {

std::optional<std::chrono::seconds> parse_duration(const toml::node& node) {
  if (const auto seconds = node.value_exact<std::int64_t>()) return std::chrono::seconds(*seconds);
  const auto text = node.value_exact<std::string>();
  if (!text || text->size() < 2) return std::nullopt;
  const auto count = parse_integer(std::string_view(*text).substr(0, text->size() - 1));
  if (!count || *count > 1'000'000'000) return std::nullopt;
  switch (text->back()) {
    case 's':
      return std::chrono::seconds(*count);
    case 'm':
      return std::chrono::minutes(*count);
    case 'h':
      return std::chrono::hours(*count);
    case 'd':
      return std::chrono::days(*count);
    default:
      return std::nullopt;
  }
}

}  // namespace

std::optional<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

void read_duration(TomlTable& table, std::string_view key, FileErrors& errors, std::chrono::seconds& out) {
  const toml::node* const node = table.find(key);
  if (node == nullptr) return;
  const auto value = parse_duration(*node);
  if (!value || value->count() < 1)
    errors.add(*node, std::string(key) + " must be a time as \"90s\", \"30m\", \"8h\" or \"7d\"");
  else
    out = *value;
}

void read_path(TomlTable& table, std::string_view key, const FileErrors& errors, std::string& out) {
  if (table.text(key, out)) out = beside_file(errors.file(), out);
}

}  // namespace stead::proxy
