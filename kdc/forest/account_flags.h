#pragma once
// The account flags by the names that the forest file and the directory's database use.
#include <cstdint>
#include <string>
#include <string_view>

namespace stead::kdc {

// The bit of account_flag (forest.h) with this name; 0: no flag has it.
[[nodiscard]] std::uint32_t account_flag_by_name(std::string_view name);
// The names of the flags set, with blanks between them.
[[nodiscard]] std::string account_flag_names(std::uint32_t flags = 0xffffffff);

}  // namespace stead::kdc
