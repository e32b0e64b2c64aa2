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

}  // namespace stead
