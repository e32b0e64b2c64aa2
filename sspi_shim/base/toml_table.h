#pragma once
// TOML files, read table by table. Everything unexpected, unknown keys too, is an error at its line and column. Only
// sources that read a configuration include this: toml++ is large.
#include <chrono>
#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// The packaged library throws; this one is compiled in and does not.
#undef TOML_HEADER_ONLY
#undef TOML_SHARED_LIB
#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

namespace stead {

struct FilePosition {
  std::uint32_t line = 1, column = 1;
  std::shared_ptr<const std::string> file{};  // an included one; null: the file that FileErrors names
  // The first file's before those of included files.
  friend std::strong_ordering operator<=>(const FilePosition& a, const FilePosition& b);
  friend bool operator==(const FilePosition& a, const FilePosition& b) { return (a <=> b) == 0; }
};
[[nodiscard]] inline FilePosition position_of(const toml::source_region& region) {
  return {region.begin.line, region.begin.column, region.path};
}
[[nodiscard]] inline FilePosition position_of(const toml::node& node) {
  return position_of(node.source());
}

// A string and where it stands, for errors that are found later.
struct PlacedText {
  std::string text;
  FilePosition at;
};

// The errors of one file.
class FileErrors {
 public:
  explicit FileErrors(std::string file) : file_(std::move(file)) {}
  void add(FilePosition at, std::string_view message) { found_.push_back({at, std::string(message)}); }
  void add(const toml::node& at, std::string_view message) { add(position_of(at), message); }
  [[nodiscard]] bool none() const { return found_.empty(); }
  [[nodiscard]] const std::string& file() const { return file_; }
  [[nodiscard]] std::string name_of(const FilePosition& at) const;  // "FILE:LINE:COLUMN"
  // "FILE:LINE:COLUMN: message", in the order of the file. `first` is empty if there is none.
  [[nodiscard]] std::vector<std::string> lines() const;
  [[nodiscard]] std::string first() const;

 private:
  struct Entry {
    FilePosition at;
    std::string message;
  };
  [[nodiscard]] std::string line_of(const Entry& entry) const;

  std::string file_;
  std::vector<Entry> found_;
};

// Parses a text, or reads and parses the whole file. On failure there is one error more.
[[nodiscard]] std::optional<toml::table> parse_toml(std::string_view text, FileErrors& errors);
[[nodiscard]] std::optional<toml::table> read_toml_file(FileErrors& errors);
// The same for another file of the same configuration: what is wrong in it is an error at its own place.
[[nodiscard]] std::optional<toml::table> read_included_file(const std::string& path, FileErrors& errors);

// One table. Every read names its key; finish() reports the keys that no read named. A read that finds no value, or one
// of another kind (which is an error), leaves `out` as it is and returns false.
class TomlTable {
 public:
  // `where` names the table in messages: "[locator]". Empty for the file itself.
  TomlTable(const toml::table& table, std::string where, FileErrors& errors)
      : table_(table), where_(std::move(where)), errors_(errors) {}

  [[nodiscard]] FilePosition at() const { return position_of(table_); }
  [[nodiscard]] FilePosition at(std::string_view key) const;  // of the value; of the table if it has no such key
  [[nodiscard]] bool has(std::string_view key) const { return table_.contains(key); }
  // The value, of whatever kind; null if the key is absent. Counts as read.
  [[nodiscard]] const toml::node* find(std::string_view key);

  bool text(std::string_view key, std::string& out);           // not empty
  bool any_text(std::string_view key, std::string& out);       // may be empty
  bool required_text(std::string_view key, std::string& out);  // present and not empty
  bool boolean(std::string_view key, bool& out);
  // "90s", "30m", "8h", "7d" or a number of seconds; at least one second.
  bool duration(std::string_view key, std::chrono::seconds& out);
  template <class Integer>
  bool integer(std::string_view key, Integer& out, std::int64_t lowest, std::int64_t highest) {
    std::int64_t value = 0;
    if (!read_integer(key, value, lowest, highest)) return false;
    out = static_cast<Integer>(value);
    return true;
  }
  [[nodiscard]] std::vector<PlacedText> texts(std::string_view key);          // an array of strings
  [[nodiscard]] std::vector<PlacedText> text_or_texts(std::string_view key);  // or one string
  [[nodiscard]] const toml::table* table(std::string_view key);
  [[nodiscard]] std::vector<const toml::table*> tables(std::string_view key);  // an array of tables

  void error(FilePosition where, std::string_view message) { errors_.add(where, message); }
  // At the key's value, or at the table if there is none; the message begins with the table's name.
  void error(std::string_view key, std::string_view message);
  void finish();

 private:
  bool read_integer(std::string_view key, std::int64_t& out, std::int64_t lowest, std::int64_t highest);
  void wrong_type(const toml::node& node, std::string_view key, std::string_view wanted);
  [[nodiscard]] std::string name_of(std::string_view key) const;  // "[locator] site"

  const toml::table& table_;
  std::string where_;
  FileErrors& errors_;
  std::vector<std::string_view> asked_;
};

// A path as a file has it: a relative one starts at the file's folder. "MEMORY:x" and the like stay, "FILE:x" keeps its
// prefix.
[[nodiscard]] std::string beside_file(std::string_view file, std::string_view path);

}  // namespace stead
