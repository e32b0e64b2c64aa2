#pragma once
// ASCII text: letter case, blanks and numbers.
#include <charconv>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace stead {

// Upper and lower case of ASCII letters only: realms, DNS names and SPNs are compared so.
[[nodiscard]] std::string to_upper(std::string_view text);
[[nodiscard]] std::string to_lower(std::string_view text);
[[nodiscard]] bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept;

// Without spaces and tabs at both ends.
[[nodiscard]] std::string_view trim_blanks(std::string_view text);

// The number that the whole text spells: digits, for signed types after an optional "-". Nothing if it does not fit.
template <class Integer>
[[nodiscard]] std::optional<Integer> parse_number(std::string_view text, int base = 10) {
  Integer value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Takes a number from the front of `text`: decimal, or hexadecimal after 0x. On failure, or if the number is above
// `limit`, `text` is left as it was.
template <class Integer>
[[nodiscard]] std::optional<Integer> take_number(std::string_view& text, Integer limit) {
  const bool hex = text.starts_with("0x") || text.starts_with("0X");
  const std::string_view digits = text.substr(hex ? 2 : 0);
  Integer value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, hex ? 16 : 10);
  if (error != std::errc{} || value > limit) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

}  // namespace stead
