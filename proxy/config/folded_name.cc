#include "proxy/config/folded_name.h"

#include <locale.h>
#include <cwctype>
#include <string>
#include <string_view>

#include "sspi_shim/base/text.h"
#include "sspi_shim/base/unicode.h"

namespace stead::proxy {
namespace {

// glibc has this locale without files. Null: ASCII letters alone are folded.
locale_t all_alphabets() {
  static const locale_t locale = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", locale_t{});
  return locale;
}

void append_utf8(std::string& out, char32_t c) {
  if (c < 0x80) {
    out += char(c);
  } else if (c < 0x800) {
    out += char(0xc0 | c >> 6);
    out += char(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    out += char(0xe0 | c >> 12);
    out += char(0x80 | (c >> 6 & 0x3f));
    out += char(0x80 | (c & 0x3f));
  } else {
    out += char(0xf0 | c >> 18);
    out += char(0x80 | (c >> 12 & 0x3f));
    out += char(0x80 | (c >> 6 & 0x3f));
    out += char(0x80 | (c & 0x3f));
  }
}

}  // namespace

std::string folded_name(std::string_view name) {
  const bool is_ascii = name.find_first_not_of(
                            "!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`"
                            "abcdefghijklmnopqrstuvwxyz{|}~ ") == name.npos;
  if (is_ascii || all_alphabets() == locale_t{}) return to_lower(name);
  std::string out;
  while (!name.empty()) {
    const CodePoint c = first_code_point(name);
    if (c.is_well_formed) {
      // By upper case, in which AD compares: "ς" and "σ" are one letter.
      const auto upper = ::towupper_l(static_cast<wint_t>(c.value), all_alphabets());
      append_utf8(out, static_cast<char32_t>(::towlower_l(upper, all_alphabets())));
    } else {
      out += name.substr(0, c.size);
    }
    name.remove_prefix(c.size);
  }
  return out;
}

}  // namespace stead::proxy
