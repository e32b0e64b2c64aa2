#pragma once
// Checks of octets. Those of whole texts have no branch for each octet, so that the compiler can vectorize them.
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace stead::proxy {

// True if the text has a control character other than tab.
[[nodiscard]] inline bool has_control(std::string_view text) {
  unsigned char found = 0;
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    found |= static_cast<unsigned char>(static_cast<unsigned char>(octet < 0x20) &
                                        static_cast<unsigned char>(octet != '\t')) |
             static_cast<unsigned char>(octet == 0x7f);
  }
  return found != 0;
}

// The number of octets of the character at the start of `text`; 0: they are not UTF-8 (RFC 3629 §4). `text` is not empty.
[[nodiscard]] inline std::size_t utf8_character_size(std::string_view text) {
  const auto octet = [&](std::size_t i) { return i < text.size() ? std::uint8_t(text[i]) : std::uint8_t(0); };
  const std::uint8_t lead = octet(0), second = octet(1);
  const auto follows = [](std::uint8_t o) { return (o & 0xc0) == 0x80; };
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4 || !follows(second)) return 0;
  if (lead < 0xe0) return 2;
  if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) || (lead == 0xf0 && second < 0x90) ||
      (lead == 0xf4 && second > 0x8f))
    return 0;
  if (!follows(octet(2))) return 0;
  if (lead < 0xf0) return 3;
  return follows(octet(3)) ? 4 : 0;
}

}  // namespace stead::proxy
