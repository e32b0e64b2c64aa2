#pragma once
// The fields of a posted login form, and the path to which a browser is redirected afterwards. No I/O.
#include <optional>
#include <string>
#include <string_view>

#include "sspi_shim/protocol/errors/error.h"

namespace stead::proxy {

// application/x-www-form-urlencoded (WHATWG URL §5.1) with the fields of our form, each at most once. Other fields are
// ignored.
struct LoginForm {
  std::string username, password, return_path, csrf;
  ~LoginForm();  // wipes the password
};
// Overwrites the whole capacity of the string, also of one that was moved from, and empties it.
void wipe_text(std::string& text);
// bad_value: a repeated field, an invalid escape, a NUL or invalid UTF-8. too_large: more than 64 fields.
[[nodiscard]] Result<LoginForm> parse_login_form(std::string_view body);

// The text if it is a path on this origin: it begins with one '/' that is not followed by '/' or '\', and has no control
// character, backslash or blank. Empty text gives "/", other text nothing.
[[nodiscard]] std::optional<std::string> safe_return_path(std::string_view text);

// Escapes for a query's value: "/a?b" -> "%2Fa%3Fb".
[[nodiscard]] std::string percent_encode(std::string_view text);
[[nodiscard]] std::optional<std::string> form_decode(
    std::string_view text);  // "%2F" and "+"; nothing: an invalid escape
// The value of a parameter in a target's query; nothing if it is absent, repeated or invalid.
[[nodiscard]] std::optional<std::string> query_parameter(std::string_view target, std::string_view name);

}  // namespace stead::proxy
