#pragma once
// The proxy's own pages: plain HTML in one style, without scripts, external resources and internal details.
#include <string>
#include <string_view>

#include "proxy/sign_in/sign_in.h"

namespace stead::proxy {

[[nodiscard]] std::string escape_html(std::string_view text);

constexpr std::string_view kLoginPath = "/.stead/login", kLogoutPath = "/.stead/logout", kWhoamiPath = "/.stead/whoami";

// A page with a title, what the reader can do, and the request id. Headers: Content-Type, Cache-Control: no-store, and
// a Content-Security-Policy that allows no external resources.
[[nodiscard]] OwnResponse error_page(int status, std::string_view request_id, std::string_view title,
                                     std::string_view what_to_do);

// 303 to `location`, with a page for clients that do not follow.
[[nodiscard]] OwnResponse redirect_page(std::string_view request_id, std::string_view location, std::string_view title,
                                        std::string_view text);

// 403: the user is known, and may not use this.
[[nodiscard]] OwnResponse not_permitted_page(std::string_view request_id);

// 403: a page of another site made the request.
[[nodiscard]] OwnResponse cross_site_page(std::string_view request_id);

// 503 with Retry-After: no KDC answers.
[[nodiscard]] OwnResponse no_directory_page(std::string_view request_id);

// The login form: posts username, password, return and csrf to kLoginPath. `message` is shown above it unless empty.
[[nodiscard]] OwnResponse login_page(int status, std::string_view return_path, std::string_view csrf,
                                     std::string_view user_name, std::string_view message);

}  // namespace stead::proxy
