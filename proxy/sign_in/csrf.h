#pragma once
// Protects the login form against cross-site request forgery: a random value is in a cookie and, sealed together with
// the time, in the form.
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/sessions/session_cookie.h"
#include "proxy/sign_in/sign_in.h"

namespace stead::proxy {

constexpr std::chrono::seconds kCsrfLifetime{3600};

[[nodiscard]] std::string_view csrf_cookie_name(bool tls);

struct CsrfToken {
  std::string field;                      // for the form
  std::optional<std::string> set_cookie;  // if the browser does not have the cookie yet
};
[[nodiscard]] CsrfToken make_csrf(const SessionKeys& keys, const RequestView& request, std::chrono::sys_seconds now);
[[nodiscard]] bool check_csrf(const SessionKeys& keys, const RequestView& request, std::string_view field,
                              std::chrono::sys_seconds now);

}  // namespace stead::proxy
