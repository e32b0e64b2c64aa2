#pragma once
// The proxy's own pages. They are in English here; the connection dresses them in the operator's look and in the reader's
// language (proxy/pages/render.h).
#include <string>
#include <string_view>
#include <vector>

#include "proxy/http/own_response.h"
#include "proxy/pages/render.h"

namespace stead::proxy {

constexpr std::string_view kLoginPath = "/.stead/login", kLogoutPath = "/.stead/logout", kWhoamiPath = "/.stead/whoami",
                           kSignedInPath = "/.stead/signed-in";

// With the headers that every page has: Content-Type, Cache-Control: no-store, and a Content-Security-Policy that allows no
// external resources.
[[nodiscard]] OwnResponse own_page(int status, PageContent content);

// A page with a title, what the reader can do, and the request id. "{}" in the text stands for the next
// of `values`.
[[nodiscard]] OwnResponse error_page(int status, std::string_view request_id, std::string_view title,
                                     std::string_view what_to_do, std::vector<std::string> values = {});

// 303 to `location`, with a page for clients that do not follow.
[[nodiscard]] OwnResponse redirect_page(std::string_view request_id, std::string_view location, std::string_view title,
                                        std::string_view text);

// 403: the user is known, and may not use this.
[[nodiscard]] OwnResponse not_permitted_page(std::string_view request_id);

// 403: a page of another site made the request. `origin`: of that page; empty or "null": unknown.
[[nodiscard]] OwnResponse cross_site_page(std::string_view request_id, std::string_view origin);

// 503 with Retry-After: no KDC answers.
[[nodiscard]] OwnResponse no_directory_page(std::string_view request_id);

// 401: a form met a session that has ended. It is not processed, and not lost: its page stays open while the user signs in
// in another window.
[[nodiscard]] OwnResponse session_ended_page(std::string_view request_id);

// GET /.stead/logout: a button, or, without a user, that nobody is signed in.
enum class SignInAgain { by_form, by_the_first_page };
[[nodiscard]] OwnResponse sign_out_page(std::string_view user, SignInAgain again);

// GET /.stead/signed-in: where a sign-in in a window of its own ends.
[[nodiscard]] OwnResponse signed_in_page(std::string_view user);

}  // namespace stead::proxy
