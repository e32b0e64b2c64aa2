#include "sspi_shim/base/bytes.h"

#include <openssl/crypto.h>

#include <algorithm>

namespace stead {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

char upper(char c) {
  return c >= 'a' && c <= 'z' ? char(c - 'a' + 'A') : c;
}
char lower(char c) {
  return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c;
}

// Takes one code point off the front. Overlong forms, surrogates and values above U+10FFFF are ill-formed; of an
// ill-formed sequence only what could have begun a character is taken, so the text after it is kept.
char32_t take_utf8(std::string_view& text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  text.remove_prefix(1);
  if (lead < 0x80) return lead;
  if (lead < 0xC2 || lead > 0xF4) return kReplacement;
  const int more = lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
  char32_t value = lead & (0x3F >> more);
  for (int i = 0; i < more; ++i) {
    if (text.empty()) return kReplacement;
    const auto byte = static_cast<unsigned char>(text[0]);
    unsigned char least = 0x80, most = 0xBF;
    if (i == 0 && lead == 0xE0) least = 0xA0;
    if (i == 0 && lead == 0xED) most = 0x9F;
    if (i == 0 && lead == 0xF0) least = 0x90;
    if (i == 0 && lead == 0xF4) most = 0x8F;
    if (byte < least || byte > most) return kReplacement;
    value = value << 6 | (byte & 0x3Fu);
    text.remove_prefix(1);
  }
  return value;
}

void put_utf8(std::string& out, char32_t c) {
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

void put_utf16(Buffer& out, char32_t unit) {
  out.push_back(std::uint8_t(unit));
  out.push_back(std::uint8_t(unit >> 8));
}

}  // namespace

void wipe(void* data, std::size_t size) noexcept {
  OPENSSL_cleanse(data, size);
}

bool equal_in_constant_time(Bytes a, Bytes b) noexcept {
  return a.size() == b.size() && (a.empty() || CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0);
}

std::string to_hex(Bytes bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string out;
  out.reserve(2 * bytes.size());
  for (const auto b : bytes) {
    out += digits[b >> 4];
    out += digits[b & 0xF];
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

Buffer to_utf16le(std::string_view utf8) {
  Buffer out;
  out.reserve(2 * utf8.size());
  while (!utf8.empty()) {
    const char32_t c = take_utf8(utf8);
    if (c < 0x10000) {
      put_utf16(out, c);
    } else {
      put_utf16(out, 0xD800 + ((c - 0x10000) >> 10));
      put_utf16(out, 0xDC00 + ((c - 0x10000) & 0x3FF));
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
        c = kReplacement;
      }
    }
    put_utf8(out, c);
  }
  if (at < utf16.size()) put_utf8(out, kReplacement);
  return out;
}

std::string to_upper(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), upper);
  return out;
}

std::string to_lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), lower);
  return out;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  // Nearly every octet is the same already; cases of a letter differ in one bit, as do other octets.
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] == b[i]) continue;
    if ((a[i] ^ b[i]) != 0x20 || lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

}  // namespace stead
