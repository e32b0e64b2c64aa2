#pragma once
// UTF-8 and UTF-16LE.
#include <cstddef>
#include <string>
#include <string_view>

#include "sspi_shim/base/bytes.h"

namespace stead {

inline constexpr char32_t kReplacementCharacter = 0xFFFD;

// The first code point of a text. Overlong forms, surrogates and values above U+10FFFF are ill-formed.
struct CodePoint {
  char32_t value = kReplacementCharacter;
  std::size_t size = 1;  // octets; of an ill-formed sequence, those that could begin a character
  bool is_well_formed = false;
};
// `text` is not empty.
[[nodiscard]] CodePoint first_code_point(std::string_view text);
[[nodiscard]] bool is_utf8(std::string_view text);

// UTF-8 to UTF-16LE and back, as NDR and netlogon strings use it. Ill-formed input becomes U+FFFD.
[[nodiscard]] Buffer to_utf16le(std::string_view utf8);
[[nodiscard]] std::string from_utf16le(Bytes utf16);

// A code point as UTF-8.
void append_utf8(std::string& out, char32_t c);

// The case of a letter as Active Directory compares names: one code point for one, in any script, so that ß is not SS.
// No letter outside of ASCII becomes one of ASCII (ı, ſ and the Kelvin sign stay), so that no such name is taken for an
// administrator's.
[[nodiscard]] char32_t upper_beyond_ascii(char32_t letter) noexcept;
[[nodiscard]] char32_t folded_beyond_ascii(char32_t letter) noexcept;

[[nodiscard]] inline char32_t upper_letter(char32_t letter) noexcept {
  if (letter < 0x80) return letter - U'a' < 26U ? letter & ~char32_t{0x20} : letter;
  return upper_beyond_ascii(letter);
}
// The lower case of the upper case: letters with two lower cases (σ and ς) are one.
[[nodiscard]] inline char32_t folded_letter(char32_t letter) noexcept {
  if (letter < 0x80) return letter - U'A' < 26U ? letter | 0x20U : letter;
  return folded_beyond_ascii(letter);
}

}  // namespace stead
