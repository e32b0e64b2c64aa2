#pragma once
// A JSON string, for lines that are written often (logs). Other JSON is built as a boost::json::value.
#include <string>
#include <string_view>

namespace stead {

// True if the text needs no escape within a JSON string: printable ASCII without quotes and backslashes.
[[nodiscard]] bool is_plain_json(std::string_view text);

// Appends `text` with its quotes and escapes. Each octet that is not part of well-formed UTF-8 becomes U+FFFD.
void append_json_string(std::string& out, std::string_view text);

}  // namespace stead
