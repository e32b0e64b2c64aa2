#pragma once
// User names as Active Directory compares them.
#include <string>
#include <string_view>

namespace stead::proxy {

// Equal for names that differ in letter case only, of every alphabet: character by character, as AD's table does it, so
// that "ß" stays apart from "SS". Text that is not UTF-8 keeps its octets.
[[nodiscard]] std::string folded_name(std::string_view name);

}  // namespace stead::proxy
