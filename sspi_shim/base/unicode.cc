#include "sspi_shim/base/unicode.h"

#include <locale.h>

#include <cstddef>
#include <cstdint>
#include <cwctype>
#include <string>
#include <string_view>

namespace stead {
namespace {

// glibc has C.UTF-8 built in, with Unicode's simple case mappings. Null: letters outside of ASCII stay as they are.
locale_t unicode_locale() noexcept {
  static const locale_t made = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  return made;
}

void put_utf16(Buffer& out, char32_t unit) {
  out.push_back(std::uint8_t(unit));
  out.push_back(std::uint8_t(unit >> 8));
}

}  // namespace

// The ranges are those of Unicode's table 3-7, "Well-Formed UTF-8 Byte Sequences".
CodePoint first_code_point(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return {lead, 1, true};
  if (lead < 0xC2 || lead > 0xF4) return {};
  const std::size_t more = lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
  char32_t value = lead & (0x3F >> more);
  for (std::size_t i = 1; i <= more; ++i) {
    if (i == text.size()) return {.size = i};
    const auto byte = static_cast<unsigned char>(text[i]);
    unsigned char lowest = 0x80, highest = 0xBF;
    if (i == 1 && lead == 0xE0) lowest = 0xA0;
    if (i == 1 && lead == 0xED) highest = 0x9F;
    if (i == 1 && lead == 0xF0) lowest = 0x90;
    if (i == 1 && lead == 0xF4) highest = 0x8F;
    if (byte < lowest || byte > highest) return {.size = i};
    value = value << 6 | (byte & 0x3Fu);
  }
  return {value, more + 1, true};
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const CodePoint first = first_code_point(text);
    if (!first.is_well_formed) return false;
    text.remove_prefix(first.size);
  }
  return true;
}

Buffer to_utf16le(std::string_view utf8) {
  Buffer out;
  out.reserve(2 * utf8.size());
  while (!utf8.empty()) {
    const CodePoint first = first_code_point(utf8);
    utf8.remove_prefix(first.size);
    if (first.value < 0x10000) {
      put_utf16(out, first.value);
    } else {
      put_utf16(out, 0xD800 + ((first.value - 0x10000) >> 10));
      put_utf16(out, 0xDC00 + ((first.value - 0x10000) & 0x3FF));
    }
  }
  return out;
}

std::string from_utf16le(Bytes utf16) {
  std::string out;
  out.reserve(utf16.size() / 2);
  std::size_t at = 0;
  while (utf16.size() - at >= 2) {
    char32_t c = load_le16(&utf16[at]);
    at += 2;
    if (c >= 0xD800 && c <= 0xDFFF) {
      const char32_t low = c <= 0xDBFF && utf16.size() - at >= 2 ? load_le16(&utf16[at]) : 0;
      if (low >= 0xDC00 && low <= 0xDFFF) {
        c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
        at += 2;
      } else {
        c = kReplacementCharacter;
      }
    }
    append_utf8(out, c);
  }
  if (at < utf16.size()) append_utf8(out, kReplacementCharacter);
  return out;
}

void append_utf8(std::string& out, char32_t c) {
  if (c < 0x80) {
    out += char(c);
  } else if (c < 0x800) {
    out += {char(0xC0 | c >> 6), char(0x80 | (c & 0x3F))};
  } else if (c < 0x10000) {
    out += {char(0xE0 | c >> 12), char(0x80 | (c >> 6 & 0x3F)), char(0x80 | (c & 0x3F))};
  } else {
    out += {char(0xF0 | c >> 18), char(0x80 | (c >> 12 & 0x3F)), char(0x80 | (c >> 6 & 0x3F)), char(0x80 | (c & 0x3F))};
  }
}

char32_t upper_beyond_ascii(char32_t letter) noexcept {
  const locale_t locale = unicode_locale();
  if (locale == nullptr) return letter;
  const auto upper = static_cast<char32_t>(::towupper_l(static_cast<std::wint_t>(letter), locale));
  return upper < 0x80 ? letter : upper;
}

char32_t folded_beyond_ascii(char32_t letter) noexcept {
  const locale_t locale = unicode_locale();
  if (locale == nullptr) return letter;
  const char32_t upper = upper_beyond_ascii(letter);
  const auto lower = static_cast<char32_t>(::towlower_l(static_cast<std::wint_t>(upper), locale));
  return lower < 0x80 ? letter : lower;
}

}  // namespace stead
