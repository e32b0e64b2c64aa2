#include "sspi_shim/base/json_text.h"

#include <string>
#include <string_view>

#include "sspi_shim/base/hex.h"
#include "sspi_shim/base/unicode.h"

namespace stead {
bool is_plain_json(std::string_view text) {
  // Without a branch for each octet, so that the compiler vectorizes the loop.
  unsigned char other = 0;
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    other |= static_cast<unsigned char>(octet < 0x20) | static_cast<unsigned char>(octet > 0x7e) |
             static_cast<unsigned char>(octet == '"') | static_cast<unsigned char>(octet == '\\');
  }
  return other == 0;
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  if (is_plain_json(text)) {
    out.append(text).append(1, '"');
    return;
  }
  while (!text.empty()) {
    const CodePoint first = first_code_point(text);
    const auto octet = static_cast<unsigned char>(text.front());
    if (!first.is_well_formed) {
      out += "\\ufffd";
      text.remove_prefix(1);
      continue;
    }
    if (octet == '"' || octet == '\\') {
      out += '\\';
      out += text.front();
    } else if (octet < 0x20 || octet == 0x7f) {
      out += "\\u00";
      out += kHexDigits[octet >> 4];
      out += kHexDigits[octet & 15];
    } else {
      out.append(text.substr(0, first.size));
    }
    text.remove_prefix(first.size);
  }
  out += '"';
}

}  // namespace stead
