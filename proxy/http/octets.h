#pragma once
// Checks of whole texts without a branch for each octet, so that the compiler can vectorize them.
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

// True if the text needs no escape within a JSON string: printable ASCII without quotes and backslashes.
[[nodiscard]] inline bool is_plain_json(std::string_view text) {
  unsigned char other = 0;
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    other |= static_cast<unsigned char>(octet < 0x20) | static_cast<unsigned char>(octet > 0x7e) |
             static_cast<unsigned char>(octet == '"') | static_cast<unsigned char>(octet == '\\');
  }
  return other == 0;
}

}  // namespace stead::proxy
