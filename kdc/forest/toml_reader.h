#pragma once
// Reads TOML tables key by key, with an error at its line and column for whatever is not as expected, unknown keys too.
// Included by the forest file's sources only: toml++ is large.
#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <limits>
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

namespace stead::kdc {

struct FilePosition {
  std::uint32_t line = 1, column = 1;
  friend auto operator<=>(const FilePosition&, const FilePosition&) = default;
};
inline FilePosition position_of(const toml::source_region& region) {
  return {region.begin.line, region.begin.column};
}
inline FilePosition position_of(const toml::node& node) {
  return position_of(node.source());
}

// A string with the place it stands at, for errors found later.
struct PlacedText {
  std::string text;
  FilePosition at;
};

class FileErrors {
 public:
  explicit FileErrors(std::string file) : file_(std::move(file)) {}
  void add(FilePosition at, std::string_view message) { found_.push_back({at, std::string(message)}); }
  [[nodiscard]] bool none() const { return found_.empty(); }
  [[nodiscard]] std::vector<std::string> lines() const;  // "FILE:LINE:COLUMN: message", in the file's order

 private:
  struct Entry {
    FilePosition at;
    std::string message;
  };
  std::string file_;
  std::vector<Entry> found_;
};

// One table. Every read names its key; finish() reports the keys that nobody read.
class TableReader {
 public:
  TableReader(const toml::table& table, std::string where, FileErrors& errors)
      : table_(table), where_(std::move(where)), errors_(errors) {}

  [[nodiscard]] FilePosition at() const { return position_of(table_); }
  [[nodiscard]] FilePosition at(std::string_view key) const;  // of the value; of the table where it has no such key
  [[nodiscard]] bool has(std::string_view key) const { return table_.contains(key); }

  // Each leaves `out` alone and returns false where the key is absent or not of its kind (which is an error of its
  // own).
  bool text(std::string_view key, std::string& out);
  bool required_text(std::string_view key, std::string& out);  // present and not empty
  bool boolean(std::string_view key, bool& out);
  template <class Integer>
  bool integer(std::string_view key, Integer& out, std::int64_t lowest, std::int64_t highest) {
    std::int64_t value = 0;
    if (!read_integer(key, value, lowest, highest)) return false;
    out = static_cast<Integer>(value);
    return true;
  }
  [[nodiscard]] std::vector<PlacedText> texts(std::string_view key);           // an array of strings
  [[nodiscard]] std::vector<PlacedText> text_or_texts(std::string_view key);   // or one string
  [[nodiscard]] std::vector<const toml::table*> tables(std::string_view key);  // an array of tables

  void error(FilePosition where, std::string_view message) { errors_.add(where, message); }
  void finish();

 private:
  const toml::node* find(std::string_view key);
  bool read_integer(std::string_view key, std::int64_t& out, std::int64_t lowest, std::int64_t highest);
  void wrong_type(const toml::node& node, std::string_view key, std::string_view wanted);

  const toml::table& table_;
  std::string where_;  // "[[domain.account]]", for messages
  FileErrors& errors_;
  std::vector<std::string_view> asked_;
};

}  // namespace stead::kdc
