#pragma once
// What a browser posts from the login form, and where it may be sent afterwards. Pure text.
#include <optional>
#include <string>
#include <string_view>

#include "sspi_shim/protocol/errors/error.h"

namespace stead::proxy {

// application/x-www-form-urlencoded (WHATWG URL §5.1) with the fields of our form. Each at most once; others are passed
// over.
struct LoginForm {
  std::string username, password, return_path, csrf;
  ~LoginForm();  // wipes the password
};
// Wipes all that the string's memory may hold, also what is left in a string that was moved from; then it is empty.
void wipe_text(std::string& text);
// bad_value: a field twice, a broken escape, a NUL or ill-formed UTF-8. too_large: more than 64 fields.
[[nodiscard]] Result<LoginForm> parse_login_form(std::string_view body);

// A path of this origin, or nothing: begins with one '/', not followed by '/' or '\', and has no control character,
// backslash or blank. Empty input gives "/".
[[nodiscard]] std::optional<std::string> safe_return_path(std::string_view text);

// Escapes for a query's value: "/a?b" -> "%2Fa%3Fb".
[[nodiscard]] std::string percent_encode(std::string_view text);
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text, bool plus_is_blank);
// The value of one parameter of a target's query; nothing where it is absent, twice there or broken.
[[nodiscard]] std::optional<std::string> query_parameter(std::string_view target, std::string_view name);

}  // namespace stead::proxy
