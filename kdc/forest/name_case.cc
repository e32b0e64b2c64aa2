#include "kdc/forest/name_case.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sspi_shim/base/unicode.h"

namespace stead::kdc {
namespace {

// Takes the first code point of a text, folded. An ill-formed octet becomes a value beyond Unicode.
char32_t take(std::string_view& text) noexcept {
  const auto octet = static_cast<unsigned char>(text.front());
  if (octet < 0x80) {
    text.remove_prefix(1);
    return folded_letter(octet);
  }
  const CodePoint next = first_code_point(text);
  if (!next.is_well_formed) {
    text.remove_prefix(1);
    return 0x110000u + octet;
  }
  text.remove_prefix(next.size);
  return folded_letter(next.value);
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
