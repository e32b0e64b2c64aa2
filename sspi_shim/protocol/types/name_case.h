#pragma once
// How Active Directory compares names: by the upper case of each character, so that MÜLLER and müller are one account.
#include <string>
#include <string_view>

namespace stead {

// The upper case of a UTF-8 text, unit by unit of UTF-16 as AD has it: ß stays ß. No character outside of ASCII becomes
// one of ASCII (ı and ſ stay), so that no such name is taken for an administrator's. In text that is no UTF-8 only ASCII
// is folded.
[[nodiscard]] std::string fold_case(std::string_view utf8);
[[nodiscard]] bool equal_names(std::string_view a, std::string_view b);

}  // namespace stead
