#pragma once
// The login form's guard against forged posts: a random value in a cookie, and the same value sealed with the time in
// the form.
#include <optional>
#include <string>

#include "proxy/sign_in/session_cookie.h"
#include "proxy/sign_in/sign_in.h"

namespace stead::proxy {

constexpr std::chrono::seconds kCsrfLifetime{3600};

[[nodiscard]] std::string_view csrf_cookie_name(bool tls);

struct CsrfToken {
  std::string field;                      // for the form
  std::optional<std::string> set_cookie;  // where the browser has no cookie for it yet
};
[[nodiscard]] CsrfToken make_csrf(const SessionKeys& keys, const RequestView& request, std::chrono::sys_seconds now);
[[nodiscard]] bool check_csrf(const SessionKeys& keys, const RequestView& request, std::string_view field,
                              std::chrono::sys_seconds now);

// False where the browser says that the request comes from another origin (Origin, or Sec-Fetch-Site where there is no
// Origin).
[[nodiscard]] bool is_same_origin(const RequestView& request);

}  // namespace stead::proxy
