#include "sspi_shim/client/config_table.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <ios>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace stead {

void ConfigErrors::add(std::uint32_t line, std::uint32_t column, std::string_view message) {
  if (!first_.empty() && std::pair(line, column) >= std::pair(line_, column_)) return;
  line_ = line;
  column_ = column;
  first_ = file_ + ':' + std::to_string(line) + ':' + std::to_string(column) + ": " + std::string(message);
}

std::optional<toml::table> parse_config_file(ConfigErrors& errors) {
  std::error_code ignored;
  std::ifstream in(errors.file(), std::ios::binary);
  if (!in || std::filesystem::is_directory(errors.file(), ignored)) {
    errors.add(1, 1, in ? std::string("is a directory") : std::string("cannot be opened: ") + std::strerror(errno));
    return std::nullopt;
  }
  std::ostringstream text;
  text << in.rdbuf();
  toml::parse_result parsed = toml::parse(text.str(), errors.file());
  if (!parsed) {
    errors.add(parsed.error().source(), parsed.error().description());
    return std::nullopt;
  }
  return std::move(parsed).table();
}

const toml::node* ConfigTable::find(std::string_view key) {
  asked_.push_back(key);
  return table_.get(key);
}

void ConfigTable::wrong_type(const toml::node& node, std::string_view key, std::string_view wanted) {
  errors_.add(node, where_ + " " + std::string(key) + " must be " + std::string(wanted));
}

bool ConfigTable::text(std::string_view key, std::string& out) {
  const toml::node* node = find(key);
  if (node == nullptr) return false;
  const auto value = node->value_exact<std::string>();
  if (!value || value->empty()) {
    wrong_type(*node, key, "a string that is not empty");
    return false;
  }
  out = *value;
  return true;
}

bool ConfigTable::boolean(std::string_view key, bool& out) {
  const toml::node* node = find(key);
  if (node == nullptr) return false;
  const auto value = node->value_exact<bool>();
  if (!value) wrong_type(*node, key, "true or false");
  out = value.value_or(out);
  return value.has_value();
}

bool ConfigTable::port(std::string_view key, std::uint16_t& out) {
  const toml::node* node = find(key);
  if (node == nullptr) return false;
  const auto value = node->value_exact<std::int64_t>();
  if (!value || *value < 1 || *value > 65535) {
    wrong_type(*node, key, "a port from 1 to 65535");
    return false;
  }
  out = static_cast<std::uint16_t>(*value);
  return true;
}

std::vector<std::pair<std::string, const toml::node*>> ConfigTable::texts(std::string_view key) {
  std::vector<std::pair<std::string, const toml::node*>> out;
  const toml::node* node = find(key);
  if (node == nullptr) return out;
  const toml::array* array = node->as_array();
  if (array == nullptr) {
    wrong_type(*node, key, "an array of strings");
    return out;
  }
  for (const toml::node& item : *array) {
    const auto value = item.value_exact<std::string>();
    if (value) {
      out.emplace_back(*value, &item);
    } else {
      wrong_type(item, key, "an array of strings");
    }
  }
  return out;
}

const toml::table* ConfigTable::table(std::string_view key) {
  const toml::node* node = find(key);
  if (node == nullptr) return nullptr;
  if (!node->is_table()) wrong_type(*node, key, "a table");
  return node->as_table();
}

std::vector<const toml::table*> ConfigTable::tables(std::string_view key) {
  std::vector<const toml::table*> out;
  const toml::node* node = find(key);
  if (node == nullptr) return out;
  const toml::array* array = node->as_array();
  if (array == nullptr) {
    wrong_type(*node, key, "an array of tables");
    return out;
  }
  for (const toml::node& item : *array) {
    if (item.is_table()) {
      out.push_back(item.as_table());
    } else {
      wrong_type(item, key, "an array of tables");
    }
  }
  return out;
}

void ConfigTable::error(std::string_view key, std::string_view message) {
  const toml::node* node = table_.get(key);
  const std::string text = where_ + " " + std::string(message);
  if (node != nullptr) {
    errors_.add(*node, text);
  } else {
    errors_.add(table_, text);
  }
}

void ConfigTable::finish() {
  for (const auto& [key, node] : table_) {
    if (std::find(asked_.begin(), asked_.end(), key.str()) != asked_.end()) continue;
    const std::string where = where_.empty() ? "" : " in " + where_;
    errors_.add(key.source(), "unknown key \"" + std::string(key.str()) + "\"" + where);
  }
}

std::string beside_file(std::string_view file, std::string_view path) {
  std::string_view type, rest = path;
  const auto colon = path.find(':');
  if (colon != std::string_view::npos && path.substr(0, colon).find('/') == std::string_view::npos) {
    if (path.substr(0, colon) != "FILE") return std::string(path);
    type = path.substr(0, colon + 1);
    rest = path.substr(colon + 1);
  }
  const std::filesystem::path given(rest);
  if (given.is_absolute()) return std::string(path);
  return std::string(type) + (std::filesystem::path(file).parent_path() / given).string();
}

}  // namespace stead
