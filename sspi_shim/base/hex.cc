#include "sspi_shim/base/hex.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace stead {

std::string to_hex(Bytes bytes) {
  std::string out;
  out.reserve(2 * bytes.size());
  for (const auto b : bytes) {
    out += kHexDigits[b >> 4];
    out += kHexDigits[b & 0xF];
  }
  return out;
}

Buffer from_hex(std::string_view text) {
  Buffer out;
  out.reserve(text.size() / 2);
  int high = -1;
  for (const char c : text) {
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') continue;
    const int digit = hex_digit(c);
    if (digit < 0) return {};
    if (high < 0) {
      high = digit;
    } else {
      out.push_back(std::uint8_t(high << 4 | digit));
      high = -1;
    }
  }
  if (high >= 0) return {};
  return out;
}

}  // namespace stead
