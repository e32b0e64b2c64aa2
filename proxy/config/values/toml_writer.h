#pragma once
// Writes TOML: tables of keys, in the order in which they are given. Texts are quoted so that any file can have them.
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stead::proxy {

// A value in the notation of TOML.
[[nodiscard]] std::string toml_text(std::string_view text);      // "…", with escapes
[[nodiscard]] std::string toml_time(std::chrono::seconds time);  // "90s", "30m", "8h"
[[nodiscard]] std::string toml_texts(const std::vector<std::string>& texts);
// { "name" = value, … }; `values` are in the notation of TOML already.
[[nodiscard]] std::string toml_inline(const std::vector<std::pair<std::string, std::string>>& values);

class TomlWriter {
 public:
  void table(std::string_view header) { out_.append(out_.empty() ? "" : "\n").append(header).append("\n"); }
  // As it is, in the notation of TOML.
  void raw(std::string_view key, std::string_view value) { out_.append(key).append(" = ").append(value).append("\n"); }
  void text(std::string_view key, std::string_view value) { raw(key, toml_text(value)); }
  // Nothing where there is no text: the key has no default.
  void text_if(std::string_view key, std::string_view value) {
    if (!value.empty()) text(key, value);
  }
  void texts(std::string_view key, const std::vector<std::string>& values) { raw(key, toml_texts(values)); }
  void boolean(std::string_view key, bool value) { raw(key, value ? "true" : "false"); }
  void number(std::string_view key, std::uint64_t value) { raw(key, std::to_string(value)); }
  void time(std::string_view key, std::chrono::seconds value) { raw(key, toml_time(value)); }
  void comment(std::string_view text) { out_.append("# ").append(text).append("\n"); }
  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

}  // namespace stead::proxy
