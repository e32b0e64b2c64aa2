#pragma once
// Looks at text as a whole, without a branch for each octet: so the compiler takes many of them at once.
#include <string_view>

namespace stead::proxy {

// A control character other than tab.
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

// ASCII that stands for itself within JSON's quotes, all of it.
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
