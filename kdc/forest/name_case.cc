#include "kdc/forest/name_case.h"

#include <clocale>
#include <cstddef>
#include <cstdint>
#include <cwctype>
#include <string_view>

#include <locale.h>

#include "sspi_shim/base/unicode.h"

namespace stead::kdc {
namespace {

// C.UTF-8 is part of the C library and has Unicode's simple case mappings.
locale_t unicode_locale() noexcept {
  static const locale_t made = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  return made;
}

char32_t folded(char32_t letter) noexcept {
  if (letter < 0x80) return letter - U'A' < 26u ? letter | 0x20u : letter;
  const locale_t locale = unicode_locale();
  if (locale == nullptr) return letter;
  // By way of the upper case, so that letters with two lower-case forms (σ and ς) are one.
  const auto out = static_cast<char32_t>(towlower_l(towupper_l(static_cast<wint_t>(letter), locale), locale));
  return out < 0x80 ? letter : out;  // `ı` is not `i`, nor the Kelvin sign `k`
}

// Takes the first code point of a text, folded. An ill-formed octet becomes a value beyond Unicode.
char32_t take(std::string_view& text) noexcept {
  const auto octet = static_cast<unsigned char>(text.front());
  if (octet < 0x80) {
    text.remove_prefix(1);
    return folded(octet);
  }
  const CodePoint next = first_code_point(text);
  if (!next.is_well_formed) {
    text.remove_prefix(1);
    return 0x110000u + octet;
  }
  text.remove_prefix(next.size);
  return folded(next.value);
}

}  // namespace

bool is_same_name(std::string_view a, std::string_view b) noexcept {
  while (!a.empty() && !b.empty())
    if (take(a) != take(b)) return false;
  return a.empty() && b.empty();
}

std::size_t name_hash(std::string_view name) noexcept {
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a: names are short
  while (!name.empty()) hash = (hash ^ take(name)) * 0x100000001b3;
  return hash;
}

}  // namespace stead::kdc
