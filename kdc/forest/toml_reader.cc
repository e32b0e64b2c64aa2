#include "kdc/forest/toml_reader.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace stead::kdc {
namespace {

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

std::vector<std::string> FileErrors::lines() const {
  auto sorted = found_;
  std::sort(sorted.begin(), sorted.end(),
            [](const Entry& a, const Entry& b) { return std::tie(a.at, a.message) < std::tie(b.at, b.message); });
  std::vector<std::string> out;
  for (const auto& entry : sorted)
    out.push_back(file_ + ':' + std::to_string(entry.at.line) + ':' + std::to_string(entry.at.column) + ": " +
                  entry.message);
  return out;
}

FilePosition TableReader::at(std::string_view key) const {
  const auto* node = table_.get(key);
  return node != nullptr ? position_of(*node) : at();
}

const toml::node* TableReader::find(std::string_view key) {
  asked_.push_back(key);
  return table_.get(key);
}

void TableReader::wrong_type(const toml::node& node, std::string_view key, std::string_view wanted) {
  errors_.add(position_of(node), '"' + std::string(key) + "\" must be " + std::string(wanted) + ", this is " +
                                     std::string(type_name(node)));
}

bool TableReader::text(std::string_view key, std::string& out) {
  const auto* node = find(key);
  if (node == nullptr) return false;
  const auto* value = node->as_string();
  if (value == nullptr) return wrong_type(*node, key, "a string"), false;
  out = value->get();
  return true;
}

bool TableReader::required_text(std::string_view key, std::string& out) {
  if (!has(key)) {
    (void)find(key);
    errors_.add(at(), where_ + " needs \"" + std::string(key) + '"');
    return false;
  }
  if (!text(key, out)) return false;
  if (!out.empty()) return true;
  errors_.add(at(key), '"' + std::string(key) + "\" is empty");
  return false;
}

bool TableReader::boolean(std::string_view key, bool& out) {
  const auto* node = find(key);
  if (node == nullptr) return false;
  const auto* value = node->as_boolean();
  if (value == nullptr) return wrong_type(*node, key, "true or false"), false;
  out = value->get();
  return true;
}

bool TableReader::read_integer(std::string_view key, std::int64_t& out, std::int64_t lowest, std::int64_t highest) {
  const auto* node = find(key);
  if (node == nullptr) return false;
  const auto* value = node->as_integer();
  if (value == nullptr) return wrong_type(*node, key, "an integer"), false;
  if (value->get() < lowest || value->get() > highest) {
    errors_.add(position_of(*node), '"' + std::string(key) + "\" must be between " + std::to_string(lowest) + " and " +
                                        std::to_string(highest) + ", this is " + std::to_string(value->get()));
    return false;
  }
  out = value->get();
  return true;
}

std::vector<PlacedText> TableReader::texts(std::string_view key) {
  std::vector<PlacedText> out;
  const auto* node = find(key);
  if (node == nullptr) return out;
  const auto* values = node->as_array();
  if (values == nullptr) return wrong_type(*node, key, "an array of strings"), out;
  for (const auto& element : *values) {
    if (const auto* value = element.as_string())
      out.push_back({value->get(), position_of(element)});
    else
      wrong_type(element, key, "an array of strings");
  }
  return out;
}

std::vector<PlacedText> TableReader::text_or_texts(std::string_view key) {
  const auto* node = table_.get(key);
  if (node == nullptr || !node->is_string()) return texts(key);
  asked_.push_back(key);
  return {{node->as_string()->get(), position_of(*node)}};
}

std::vector<const toml::table*> TableReader::tables(std::string_view key) {
  std::vector<const toml::table*> out;
  const auto* node = find(key);
  if (node == nullptr) return out;
  const auto* values = node->as_array();
  if (values == nullptr) {
    wrong_type(*node, key, "an array of tables, each beginning with its name in double brackets");
    return out;
  }
  for (const auto& element : *values) {
    if (const auto* table = element.as_table())
      out.push_back(table);
    else
      wrong_type(element, key, "an array of tables");
  }
  return out;
}

void TableReader::finish() {
  for (const auto& [key, node] : table_) {
    if (std::find(asked_.begin(), asked_.end(), key.str()) != asked_.end()) continue;
    std::string known;
    for (const auto name : asked_) known.append(known.empty() ? "" : " ").append(name);
    errors_.add(position_of(key.source()),
                "unknown key \"" + std::string(key.str()) + "\" in " + where_ + ", which has: " + known);
  }
}

}  // namespace stead::kdc
