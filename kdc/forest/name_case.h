#pragma once
// Names as Active Directory compares them: without regard to the case of letters, in any script. `MÜLLER` and `müller`
// are one account. One code point is compared with one: `ß` is not `SS`.
#include <cstddef>
#include <string_view>

namespace stead::kdc {

// Octets that are not UTF-8 are compared as they are.
[[nodiscard]] bool is_same_name(std::string_view a, std::string_view b) noexcept;
// Equal for names that are the same.
[[nodiscard]] std::size_t name_hash(std::string_view name) noexcept;

}  // namespace stead::kdc
