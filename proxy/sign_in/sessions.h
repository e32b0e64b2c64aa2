#pragma once
// Sessions: found by a request's cookie, renewed, begun and ended. One object for each core.
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/sessions/session_cookie.h"
#include "proxy/sign_in/sign_in.h"
#include "proxy/sign_in/sign_in_state.h"

namespace stead::proxy {

class Sessions {
 public:
  explicit Sessions(std::shared_ptr<SignInState> state);

  // The session of the request's cookie; nothing without a cookie that we sealed for this host, after the session's end,
  // or after signing out.
  [[nodiscard]] std::optional<SessionCookie> find(const RequestView& request);

  // Set-Cookie that moves the session's idle end. Empty until an eighth of the idle time has passed, so that not every
  // response has one.
  [[nodiscard]] HeaderList renewal(const RequestView& request, const SessionCookie& cookie) const;

  // A new session with its Set-Cookie. `proof`: the certificate or the ticket that signed the user in, in DER; empty with
  // forms.
  [[nodiscard]] SignedIn begin(const RequestView& request, std::string user, SignInMethod method,
                               std::optional<std::vector<std::uint8_t>> groups, Bytes proof = {}) const;

  // True after the session's end, and after signing out.
  [[nodiscard]] bool is_over(const Session& session) const;

  // Refuses the session's cookie from now on, in this process and after a restart.
  [[nodiscard]] boost::asio::awaitable<void> end(Session session);
  // The same for every session of the user that ends by `until`.
  [[nodiscard]] boost::asio::awaitable<void> end_all(std::string user, std::chrono::sys_seconds until);

 private:
  void note(const RequestView& request, const SessionCookie& cookie) const;
  [[nodiscard]] boost::asio::awaitable<void> refuse(Revocations::Entry entry);
  std::shared_ptr<SignInState> state_;
  OpenedCookies opened_;
  const Buffer groups_digest_;
};

// False if the session began with a client certificate, and the connection does not show that one or TLS refuses it.
[[nodiscard]] bool fits_certificate(const RequestView& request, const SessionCookie& cookie);
[[nodiscard]] Buffer certificate_digest(Bytes der);  // SHA-256

// Set-Cookie that removes the session's cookie from the browser.
[[nodiscard]] std::string removed_session_cookie(const RequestView& request);

// {"user": "alice@ROOT.EXAMPLE", "sign_in": "forms", "expires": "2026-01-01T00:00:00Z"}
[[nodiscard]] std::string session_json(const Session& session);

}  // namespace stead::proxy
