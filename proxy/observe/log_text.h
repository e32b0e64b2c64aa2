#pragma once
// Text of peers and users within log lines. Nothing in it may end the line, move the terminal's cursor or change the
// order in which the line is shown: control characters (C0, C1, DEL), line and paragraph separators, and characters
// that are invisible or set the writing direction are escaped as \uXXXX. Octets that are not UTF-8 become U+FFFD.
#include <string>
#include <string_view>

namespace stead::proxy {

void append_json_string(std::string& out, std::string_view text);  // with its quotes
void append_log_text(std::string& out, std::string_view text);     // a part of a line that is not JSON

}  // namespace stead::proxy
