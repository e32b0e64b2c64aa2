#pragma once
// The pages Stead shows itself: plain HTML in one style, no script, nothing loaded from elsewhere, no internals.
#include <string>
#include <string_view>

#include "proxy/sign_in/sign_in.h"

namespace stead::proxy {

[[nodiscard]] std::string escape_html(std::string_view text);

// An error page with the request id and what the person can do. Headers: Content-Type, Cache-Control: no-store, and a
// Content-Security-Policy that lets nothing in.
[[nodiscard]] OwnResponse error_page(int status, std::string_view request_id, std::string_view title,
                                     std::string_view what_to_do);

// The login form: posts username, password, return and csrf to /.stead/login. `message` is shown above it where it is
// not empty.
[[nodiscard]] OwnResponse login_page(int status, std::string_view return_path, std::string_view csrf,
                                     std::string_view user_name, std::string_view message);

}  // namespace stead::proxy
