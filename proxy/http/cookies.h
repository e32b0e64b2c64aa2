#pragma once
// The headers Cookie and Set-Cookie (RFC 6265).
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace stead::proxy {

// The value of Set-Cookie: for the whole site, HttpOnly, SameSite=Lax; `tls`: Secure.
[[nodiscard]] std::string set_cookie(std::string_view name, std::string_view value, bool tls,
                                     std::optional<std::chrono::seconds> max_age = {});
// The value of the cookie with this name; nothing if there is none, or several with different values.
[[nodiscard]] std::optional<std::string_view> find_cookie(std::string_view cookie_header, std::string_view name);

}  // namespace stead::proxy
