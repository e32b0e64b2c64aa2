#include "proxy/config/includes.h"

#include <glob.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stead::proxy {
namespace {

constexpr std::size_t kMaxFiles = 1000;

// Nothing: the folder cannot be read.
std::optional<std::vector<std::string>> files_of(const std::string& pattern) {
  glob_t found{};
  const int result = ::glob(pattern.c_str(), GLOB_ERR, nullptr, &found);
  const std::unique_ptr<glob_t, decltype(&::globfree)> freed(&found, ::globfree);
  if (result == GLOB_NOMATCH) return std::vector<std::string>();
  if (result != 0) return std::nullopt;
  return std::vector<std::string>(found.gl_pathv, found.gl_pathv + found.gl_pathc);
}

bool is_pattern(std::string_view text) {
  return text.find_first_of("*?[") != std::string_view::npos;
}

// Moves `from` into `into`: only a node that is moved keeps its place in the file.
void join(toml::table& into, toml::table& from, const std::string& where, FileErrors& errors) {
  for (auto&& [key, node] : from) {
    toml::node* const known = into.get(key.str());
    const std::string name = where.empty() ? std::string(key.str()) : where + '.' + std::string(key.str());
    if (known == nullptr) {
      node.visit([&into, &key = key](auto& value) { into.insert(key, std::move(value)); });
    } else if (known->is_table() && node.is_table()) {
      join(*known->as_table(), *node.as_table(), name, errors);
    } else if (known->is_array_of_tables() && node.is_array_of_tables()) {
      for (toml::node& one : *node.as_array())
        one.visit([&](auto& value) { known->as_array()->push_back(std::move(value)); });
    } else {
      errors.add(position_of(key.source()), name + " stands in " + errors.name_of(position_of(*known)) + " already");
    }
  }
}

class Includes {
 public:
  Includes(toml::table& root, FileErrors& errors, std::vector<std::string>& files)
      : root_(root), errors_(errors), files_(files) {}

  void read_all() {
    TomlTable table(root_, "", errors_);
    for (const auto& [text, at] : table.texts("include")) {
      read_pattern(beside_file(errors_.file(), text), at);
      if (!errors_.none()) return;
    }
  }

 private:
  void read_pattern(const std::string& pattern, const FilePosition& at) {
    const auto found = files_of(pattern);
    if (!found) return errors_.add(at, "include: " + pattern + " cannot be read");
    if (found->empty() && !is_pattern(pattern)) return errors_.add(at, "include: there is no file " + pattern);
    for (const std::string& file : *found) {
      if (file == errors_.file()) return errors_.add(at, "include: " + pattern + " is this file, too");
      if (std::find(files_.begin(), files_.end(), file) != files_.end())
        return errors_.add(at, "include: " + file + " is included twice");
      if (files_.size() == kMaxFiles) return errors_.add(at, "include: these are more than 1000 files");
      files_.push_back(file);
      read(file);
      if (!errors_.none()) return;
    }
  }

  void read(const std::string& file) {
    auto table = read_included_file(file, errors_);
    if (!table) return;
    if (const toml::node* const nested = table->get("include"))
      return errors_.add(*nested, "include: an included file includes no others");
    join(root_, *table, "", errors_);
  }

  toml::table& root_;
  FileErrors& errors_;
  std::vector<std::string>& files_;
};

}  // namespace

std::optional<toml::table> read_with_includes(FileErrors& errors, std::vector<std::string>& files) {
  auto root = read_toml_file(errors);
  if (!root) return std::nullopt;
  Includes(*root, errors, files).read_all();
  if (!errors.none()) return std::nullopt;
  return root;
}

}  // namespace stead::proxy
