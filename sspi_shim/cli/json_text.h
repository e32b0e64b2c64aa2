#pragma once
// A JSON string of UTF-8 text.
#include <string>
#include <string_view>

namespace stead::cli {

[[nodiscard]] std::string json_text(std::string_view text);
[[nodiscard]] std::string json_text_or_null(std::string_view text);  // null where it is empty

}  // namespace stead::cli
