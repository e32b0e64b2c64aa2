#pragma once
// Hexadecimal digits.
#include <string>
#include <string_view>

#include "sspi_shim/base/bytes.h"

namespace stead {

inline constexpr std::string_view kHexDigits = "0123456789abcdef";

// The value of one digit in either case; -1 for any other character.
[[nodiscard]] constexpr int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Two lower-case digits a byte.
[[nodiscard]] std::string to_hex(Bytes bytes);
// Takes either case and ignores white space. Returns an empty buffer for any other text.
[[nodiscard]] Buffer from_hex(std::string_view text);

}  // namespace stead
