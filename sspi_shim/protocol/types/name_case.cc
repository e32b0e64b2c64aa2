#include "sspi_shim/protocol/types/name_case.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "sspi_shim/base/bytes.h"
#include "sspi_shim/base/text.h"
#include "sspi_shim/base/unicode.h"

namespace stead {
namespace {

constexpr std::uint16_t kFirstAfterAscii = 0x80, kLastUnit = 0xffff;

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < kFirstAfterAscii; });
}

// A letter of one unit whose upper case has two stays.
std::uint16_t upper_of(std::uint16_t unit) {
  const char32_t upper = upper_letter(unit);
  return upper <= kLastUnit ? static_cast<std::uint16_t>(upper) : unit;
}

}  // namespace

std::string fold_case(std::string_view utf8) {
  if (is_ascii(utf8) || !is_utf8(utf8)) return to_upper(utf8);
  Buffer utf16 = to_utf16le(utf8);
  for (std::size_t i = 0; i + 1 < utf16.size(); i += 2) {
    const std::uint16_t unit = upper_of(load_le16(&utf16[i]));
    utf16[i] = static_cast<std::uint8_t>(unit);
    utf16[i + 1] = static_cast<std::uint8_t>(unit >> 8);
  }
  return from_utf16le(utf16);
}

bool equal_names(std::string_view a, std::string_view b) {
  if (equal_ignoring_case(a, b)) return true;
  return !is_ascii(a) && !is_ascii(b) && fold_case(a) == fold_case(b);
}

}  // namespace stead
