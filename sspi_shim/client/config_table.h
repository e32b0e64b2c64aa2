#pragma once
// TOML tables read key by key; whatever is not as expected, unknown keys too, is an error at its line and column. For
// the sources that read a configuration only: toml++ is large.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// The packaged library throws; ours is compiled in and does not.
#undef TOML_HEADER_ONLY
#undef TOML_SHARED_LIB
#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include "stead/s4u.h"

namespace stead {

class ConfigErrors {
 public:
  explicit ConfigErrors(std::string file) : file_(std::move(file)) {}
  void add(const toml::source_region& at, std::string_view message) { add(at.begin.line, at.begin.column, message); }
  void add(const toml::node& at, std::string_view message) { add(at.source(), message); }
  void add(std::uint32_t line, std::uint32_t column, std::string_view message);
  [[nodiscard]] bool none() const { return first_.empty(); }
  [[nodiscard]] const std::string& file() const { return file_; }
  [[nodiscard]] const std::string& first() const { return first_; }  // in the file: "FILE:LINE:COLUMN: message"

 private:
  std::string file_, first_;
  std::uint32_t line_ = 0, column_ = 0;
};

// Reads and parses the whole file; nothing (and one error) where that cannot be done.
[[nodiscard]] std::optional<toml::table> parse_config_file(ConfigErrors& errors);

// One table. Every read names its key; finish() reports the keys that nobody asked for. Reads leave `out` alone and
// return false where the key is absent or not of its kind.
class ConfigTable {
 public:
  ConfigTable(const toml::table& table, std::string where, ConfigErrors& errors)
      : table_(table), where_(std::move(where)), errors_(errors) {}
  bool text(std::string_view key, std::string& out);
  bool boolean(std::string_view key, bool& out);
  bool port(std::string_view key, std::uint16_t& out);
  [[nodiscard]] std::vector<std::pair<std::string, const toml::node*>> texts(
      std::string_view key);  // an array of strings
  [[nodiscard]] const toml::table* table(std::string_view key);
  [[nodiscard]] std::vector<const toml::table*> tables(std::string_view key);  // an array of tables
  // The value's node, of whatever kind; null where the key is absent. Counts as asked for.
  [[nodiscard]] const toml::node* find(std::string_view key);
  void error(std::string_view key,
             std::string_view message);  // at the key's value, or at the table where there is none
  void finish();

 private:
  void wrong_type(const toml::node& node, std::string_view key, std::string_view wanted);

  const toml::table& table_;
  std::string where_;  // "[locator]", for messages
  ConfigErrors& errors_;
  std::vector<std::string_view> asked_;
};

// A path as the file has it: relative ones start at the file's folder. "FILE:/x" and the like keep their type.
[[nodiscard]] std::string beside_file(std::string_view file, std::string_view path);

// The tables that `stead` and `stead-proxy` share (contract.md).
void read_locator_table(const toml::table& locator, ConfigErrors& errors, LocatorOptions& out);
void read_identity_table(const toml::table& identity, ConfigErrors& errors, ClientOptions& out);

}  // namespace stead
