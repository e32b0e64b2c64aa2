#include "proxy/observe/log_text.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/http/octets.h"
#include "sspi_shim/base/json_text.h"

namespace stead::proxy {
namespace {

// `character`: one character of UTF-8.
std::uint32_t code_point(std::string_view character) {
  const auto octet = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<std::uint8_t>(character[i])); };
  switch (character.size()) {
    case 1:
      return octet(0);
    case 2:
      return (octet(0) & 0x1f) << 6 | (octet(1) & 0x3f);
    case 3:
      return (octet(0) & 0x0f) << 12 | (octet(1) & 0x3f) << 6 | (octet(2) & 0x3f);
    default:
      return (octet(0) & 0x07) << 18 | (octet(1) & 0x3f) << 12 | (octet(2) & 0x3f) << 6 | (octet(3) & 0x3f);
  }
}

// The bidirectional controls are those of UAX #9.
bool must_be_escaped(std::uint32_t code) {
  return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0xad || code == 0x61c || code == 0x180e ||
         (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
         (code >= 0x2060 && code <= 0x206f) || code == 0xfeff || (code >= 0xfff9 && code <= 0xfffb) ||
         (code >= 0xe0000 && code <= 0xe007f);
}

void append_unit(std::string& out, std::uint32_t unit) {
  static constexpr char kDigits[] = "0123456789abcdef";
  out.append("\\u");
  for (int shift = 12; shift >= 0; shift -= 4) out += kDigits[unit >> shift & 15];
}

// As JSON does it, above U+FFFF by a pair of surrogates.
void append_escape(std::string& out, std::uint32_t code) {
  if (code > 0xffff) {
    append_unit(out, 0xd800 + ((code - 0x10000) >> 10));
    code = 0xdc00 + ((code - 0x10000) & 0x3ff);
  }
  append_unit(out, code);
}

enum class Quotes { escaped, plain };

void append_escaped(std::string& out, std::string_view text, Quotes quotes) {
  while (!text.empty()) {
    const std::size_t size = utf8_character_size(text);
    const char first = text.front();
    if (size == 0) {
      out += "\\ufffd";
    } else if (quotes == Quotes::escaped && (first == '"' || first == '\\')) {
      out.append(1, '\\').append(1, first);
    } else if (const std::uint32_t code = code_point(text.substr(0, size)); must_be_escaped(code)) {
      append_escape(out, code);
    } else {
      out.append(text.substr(0, size));
    }
    text.remove_prefix(std::max<std::size_t>(size, 1));
  }
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  if (is_plain_json(text))  // nearly all of what is logged
    out.append(text);
  else
    append_escaped(out, text, Quotes::escaped);
  out += '"';
}

void append_log_text(std::string& out, std::string_view text) {
  append_escaped(out, text, Quotes::plain);
}

}  // namespace stead::proxy
