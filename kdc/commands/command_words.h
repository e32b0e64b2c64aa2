#pragma once
// Parses a command line in PowerShell's syntax: "Set-ADComputer web -PrincipalsAllowedToDelegateToAccount
// 'ROOT\a$','b$'". The calling shell may have removed quotes, or split a value at its blanks: both forms are read.
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stead::kdc {

struct CommandWords {
  std::string name;                            // as typed
  std::vector<std::string> operands;           // words that belong to no option
  std::map<std::string, std::string> options;  // lower-case name without '-', its value; "" for none

  [[nodiscard]] const std::string* option(std::string_view lower_case_name) const;
};
[[nodiscard]] CommandWords split_command(const std::vector<std::string>& words);

// "$true", "true", "1" and the opposites; nothing for other text.
[[nodiscard]] std::optional<bool> boolean_value(std::string_view text);
[[nodiscard]] bool is_null_value(std::string_view text);                   // "$null" or "@()"
[[nodiscard]] std::string unquote(std::string_view text);                  // 'x' or "x" or x
[[nodiscard]] std::vector<std::string> list_value(std::string_view text);  // 'a','b' or @('a','b') or a, b
// @{'attribute'='a','b'; other=c}: attributes in lower case. Nothing: not a hash table.
[[nodiscard]] std::optional<std::map<std::string, std::vector<std::string>>> table_value(std::string_view text);

// JSON values, for --json.
[[nodiscard]] std::string json_string(std::string_view text);
[[nodiscard]] std::string json_array(const std::vector<std::string>& texts);

}  // namespace stead::kdc
