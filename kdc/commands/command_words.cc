#include "kdc/commands/command_words.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sspi_shim/base/bytes.h"
#include "sspi_shim/base/text.h"

namespace stead::kdc {
namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// Options without a value: the word after one is an operand.
bool is_switch(std::string_view name) {
  constexpr std::string_view kSwitches[] = {"reset", "passthru", "force", "whatif", "f", "x", "p"};
  return std::find(std::begin(kSwitches), std::end(kSwitches), name) != std::end(kSwitches);
}

// Splits at every `separator` outside quotes and parentheses.
std::vector<std::string_view> split_outside_quotes(std::string_view text, char separator) {
  std::vector<std::string_view> out;
  std::size_t begin = 0;
  char quote = 0;
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '\'' || c == '"') {
      quote = c;
    } else if (c == '(' || c == ')') {
      depth += c == '(' ? 1 : -1;
    } else if (c == separator && depth == 0) {
      out.push_back(trim(text.substr(begin, i - begin)));
      begin = i + 1;
    }
  }
  out.push_back(trim(text.substr(begin)));
  return out;
}

}  // namespace

const std::string* CommandWords::option(std::string_view lower_case_name) const {
  const auto found = options.find(std::string(lower_case_name));
  return found == options.end() ? nullptr : &found->second;
}

CommandWords split_command(const std::vector<std::string>& words) {
  CommandWords out;
  std::string* value = nullptr;  // of the last option
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto& word = words[i];
    if (i == 0) {
      out.name = word;
    } else if (word.size() > 1 && word[0] == '-' && is_letter(word[1])) {
      const auto colon = std::min(word.find(':'), word.size());
      const auto name = to_lower(std::string_view(word).substr(1, colon - 1));
      value = &out.options[name];
      *value = colon < word.size() ? word.substr(colon + 1) : "";
      if (is_switch(name) || colon < word.size()) value = nullptr;
    } else if (value != nullptr) {
      if (!value->empty()) *value += ' ';
      *value += word;
    } else {
      out.operands.push_back(unquote(word));
    }
  }
  return out;
}

std::optional<bool> boolean_value(std::string_view text) {
  text = trim(text);
  if (text.starts_with('$')) text.remove_prefix(1);
  if (equal_ignoring_case(text, "true") || text == "1") return true;
  if (equal_ignoring_case(text, "false") || text == "0") return false;
  return std::nullopt;
}

bool is_null_value(std::string_view text) {
  text = trim(text);
  return equal_ignoring_case(text, "$null") || text == "@()";
}

std::string unquote(std::string_view text) {
  text = trim(text);
  if (text.size() >= 2 && (text.front() == '\'' || text.front() == '"') && text.back() == text.front())
    text = text.substr(1, text.size() - 2);
  return std::string(text);
}

std::vector<std::string> list_value(std::string_view text) {
  text = trim(text);
  if (text.starts_with("@(") && text.ends_with(')')) text = text.substr(2, text.size() - 3);
  std::vector<std::string> out;
  for (const auto part : split_outside_quotes(text, ','))
    if (auto word = unquote(part); !word.empty()) out.push_back(std::move(word));
  return out;
}

std::optional<std::map<std::string, std::vector<std::string>>> table_value(std::string_view text) {
  text = trim(text);
  if (!text.starts_with("@{") || !text.ends_with('}')) return std::nullopt;
  std::map<std::string, std::vector<std::string>> out;
  for (const auto entry : split_outside_quotes(text.substr(2, text.size() - 3), ';')) {
    if (entry.empty()) continue;
    const auto equals = entry.find('=');
    if (equals == entry.npos) return std::nullopt;
    out[to_lower(unquote(entry.substr(0, equals)))] = list_value(entry.substr(equals + 1));
  }
  return out;
}

std::string json_string(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\')
      out.append(1, '\\').append(1, c);
    else if (byte < 0x20)
      out.append("\\u00").append(1, kDigits[byte >> 4]).append(1, kDigits[byte & 15]);
    else
      out += c;
  }
  return out + '"';
}

std::string json_array(const std::vector<std::string>& texts) {
  std::string out = "[";
  for (const auto& text : texts) out.append(out.size() == 1 ? "" : ", ").append(json_string(text));
  return out + ']';
}

}  // namespace stead::kdc
