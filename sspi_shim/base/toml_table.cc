#include "sspi_shim/base/toml_table.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <compare>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <ios>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <tuple>
#include <utility>
#include <vector>

namespace stead {
namespace {

std::optional<std::chrono::seconds> duration_of(const toml::node& node) {
  constexpr std::int64_t kMax = 1'000'000'000;
  if (const auto seconds = node.value_exact<std::int64_t>()) return std::chrono::seconds(std::min(*seconds, kMax));
  const auto text = node.value_exact<std::string>();
  if (!text || text->size() < 2) return std::nullopt;
  std::int64_t count = 0;
  const char* const end = text->data() + text->size() - 1;
  const auto [read_to, error] = std::from_chars(text->data(), end, count);
  if (error != std::errc{} || read_to != end || count > kMax) return std::nullopt;
  switch (*end) {
    case 's':
      return std::chrono::seconds(count);
    case 'm':
      return std::chrono::minutes(count);
    case 'h':
      return std::chrono::hours(count);
    case 'd':
      return std::chrono::days(count);
    default:
      return std::nullopt;
  }
}

std::string_view type_name(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table:
      return "a table";
    case toml::node_type::array:
      return "an array";
    case toml::node_type::string:
      return "a string";
    case toml::node_type::integer:
      return "an integer";
    case toml::node_type::floating_point:
      return "a floating-point number";
    case toml::node_type::boolean:
      return "a boolean";
    case toml::node_type::date:
    case toml::node_type::time:
    case toml::node_type::date_time:
      return "a date or time";
    case toml::node_type::none:
      break;
  }
  return "nothing";
}

}  // namespace

std::strong_ordering operator<=>(const FilePosition& a, const FilePosition& b) {
  const std::string_view first = a.file ? std::string_view(*a.file) : std::string_view();
  const std::string_view second = b.file ? std::string_view(*b.file) : std::string_view();
  return std::tie(first, a.line, a.column) <=> std::tie(second, b.line, b.column);
}

std::string FileErrors::name_of(const FilePosition& at) const {
  return (at.file ? *at.file : file_) + ':' + std::to_string(at.line) + ':' + std::to_string(at.column);
}

std::string FileErrors::line_of(const Entry& entry) const {
  return name_of(entry.at) + ": " + entry.message;
}

std::vector<std::string> FileErrors::lines() const {
  auto sorted = found_;
  std::sort(sorted.begin(), sorted.end(),
            [](const Entry& a, const Entry& b) { return std::tie(a.at, a.message) < std::tie(b.at, b.message); });
  std::vector<std::string> out;
  for (const Entry& entry : sorted) out.push_back(line_of(entry));
  return out;
}

std::string FileErrors::first() const {
  const auto first = std::ranges::min_element(found_, {}, &Entry::at);
  return first == found_.end() ? std::string() : line_of(*first);
}

namespace {

std::optional<toml::table> table_of(toml::parse_result parsed, FileErrors& errors) {
  if (!parsed) {
    errors.add(position_of(parsed.error().source()), parsed.error().description());
    return std::nullopt;
  }
  return std::move(parsed).table();
}

// `at`: where it is said that the file cannot be read.
std::optional<std::string> text_of_file(const std::string& path, const FilePosition& at, FileErrors& errors) {
  std::error_code ignored;
  std::ifstream in(path, std::ios::binary);
  if (!in || std::filesystem::is_directory(path, ignored)) {
    errors.add(at, in ? std::string("is a directory") : std::string("cannot be opened: ") + std::strerror(errno));
    return std::nullopt;
  }
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace

// Without a path in its nodes: this is the file that FileErrors names.
std::optional<toml::table> parse_toml(std::string_view text, FileErrors& errors) {
  return table_of(toml::parse(text), errors);
}

std::optional<toml::table> read_toml_file(FileErrors& errors) {
  const auto text = text_of_file(errors.file(), {}, errors);
  return text ? parse_toml(*text, errors) : std::nullopt;
}

std::optional<toml::table> read_included_file(const std::string& path, FileErrors& errors) {
  const auto text = text_of_file(path, {.file = std::make_shared<const std::string>(path)}, errors);
  return text ? table_of(toml::parse(*text, path), errors) : std::nullopt;
}

FilePosition TomlTable::at(std::string_view key) const {
  const toml::node* node = table_.get(key);
  return node != nullptr ? position_of(*node) : at();
}

const toml::node* TomlTable::find(std::string_view key) {
  asked_.push_back(key);
  return table_.get(key);
}

std::string TomlTable::name_of(std::string_view key) const {
  return (where_.empty() ? "" : where_ + " ") + std::string(key);
}

void TomlTable::wrong_type(const toml::node& node, std::string_view key, std::string_view wanted) {
  errors_.add(position_of(node),
              name_of(key) + " must be " + std::string(wanted) + ", this is " + std::string(type_name(node)));
}

bool TomlTable::any_text(std::string_view key, std::string& out) {
  const toml::node* node = find(key);
  if (node == nullptr) return false;
  const auto* value = node->as_string();
  if (value == nullptr) {
    wrong_type(*node, key, "a string");
    return false;
  }
  out = value->get();
  return true;
}

bool TomlTable::text(std::string_view key, std::string& out) {
  std::string value;
  if (!any_text(key, value)) return false;
  if (value.empty()) {
    errors_.add(at(key), name_of(key) + " is empty");
    return false;
  }
  out = std::move(value);
  return true;
}

bool TomlTable::required_text(std::string_view key, std::string& out) {
  if (has(key)) return text(key, out);
  asked_.push_back(key);
  errors_.add(at(), where_ + " needs \"" + std::string(key) + '"');
  return false;
}

bool TomlTable::boolean(std::string_view key, bool& out) {
  const toml::node* node = find(key);
  if (node == nullptr) return false;
  const auto* value = node->as_boolean();
  if (value == nullptr) {
    wrong_type(*node, key, "true or false");
    return false;
  }
  out = value->get();
  return true;
}

bool TomlTable::duration(std::string_view key, std::chrono::seconds& out) {
  const toml::node* node = find(key);
  if (node == nullptr) return false;
  const auto value = duration_of(*node);
  if (!value || value->count() < 1) {
    errors_.add(*node, std::string(key) + " must be a time as \"90s\", \"30m\", \"8h\" or \"7d\"");
    return false;
  }
  out = *value;
  return true;
}

bool TomlTable::read_integer(std::string_view key, std::int64_t& out, std::int64_t lowest, std::int64_t highest) {
  const toml::node* node = find(key);
  if (node == nullptr) return false;
  const auto* value = node->as_integer();
  if (value == nullptr) {
    wrong_type(*node, key, "an integer");
    return false;
  }
  if (value->get() < lowest || value->get() > highest) {
    errors_.add(position_of(*node), name_of(key) + " must be a number from " + std::to_string(lowest) + " to " +
                                        std::to_string(highest) + ", this is " + std::to_string(value->get()));
    return false;
  }
  out = value->get();
  return true;
}

std::vector<PlacedText> TomlTable::texts(std::string_view key) {
  std::vector<PlacedText> out;
  const toml::node* node = find(key);
  if (node == nullptr) return out;
  const toml::array* values = node->as_array();
  if (values == nullptr) {
    wrong_type(*node, key, "an array of strings");
    return out;
  }
  for (const toml::node& element : *values) {
    if (const auto* value = element.as_string())
      out.push_back({value->get(), position_of(element)});
    else
      wrong_type(element, key, "an array of strings");
  }
  return out;
}

std::vector<PlacedText> TomlTable::text_or_texts(std::string_view key) {
  const toml::node* node = table_.get(key);
  if (node == nullptr || !node->is_string()) return texts(key);
  asked_.push_back(key);
  return {{node->as_string()->get(), position_of(*node)}};
}

const toml::table* TomlTable::table(std::string_view key) {
  const toml::node* node = find(key);
  if (node == nullptr) return nullptr;
  if (!node->is_table()) wrong_type(*node, key, "a table");
  return node->as_table();
}

std::vector<const toml::table*> TomlTable::tables(std::string_view key) {
  std::vector<const toml::table*> out;
  const toml::node* node = find(key);
  if (node == nullptr) return out;
  const toml::array* values = node->as_array();
  if (values == nullptr) {
    wrong_type(*node, key, "an array of tables");
    return out;
  }
  for (const toml::node& element : *values) {
    if (const toml::table* table = element.as_table())
      out.push_back(table);
    else
      wrong_type(element, key, "an array of tables");
  }
  return out;
}

void TomlTable::error(std::string_view key, std::string_view message) {
  errors_.add(at(key), (where_.empty() ? "" : where_ + " ") + std::string(message));
}

void TomlTable::finish() {
  for (const auto& [key, node] : table_) {
    if (std::ranges::find(asked_, key.str()) != asked_.end()) continue;
    std::string message = "unknown key \"" + std::string(key.str()) + '"';
    if (!where_.empty()) {
      message += " in " + where_ + ", which has:";
      for (const std::string_view name : asked_) message.append(" ").append(name);
    }
    errors_.add(position_of(key.source()), message);
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
