#pragma once
// Sessions: found by a request's cookie, renewed, begun and ended. One object for each core.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "proxy/sign_in/session_cookie.h"
#include "proxy/sign_in/sign_in.h"
#include "proxy/sign_in/sign_in_state.h"

namespace stead::proxy {

class Sessions {
 public:
  explicit Sessions(std::shared_ptr<SignInState> state);

  // The session of the request's cookie; nothing without a cookie that we sealed, after the session's end, or after
  // signing out.
  [[nodiscard]] std::optional<SessionCookie> find(const RequestView& request);

  // Set-Cookie that moves the session's idle end. Empty until an eighth of the idle time has passed, so that not every
  // response has one.
  [[nodiscard]] HeaderList renewal(const RequestView& request, const SessionCookie& cookie) const;

  // A new session with its Set-Cookie. `certificate`: what signed the user in, in DER; empty with other methods.
  [[nodiscard]] SignedIn begin(const RequestView& request, std::string user, SignInMethod method,
                               Bytes certificate = {}) const;

  // Refuses the session's cookie from now on, in this process.
  void end(const Session& session);

 private:
  std::shared_ptr<SignInState> state_;
  OpenedCookies opened_;
  Revocations::Ids revoked_;
  std::uint64_t revoked_generation_ = 0;
};

// True unless the session began with a client certificate and the connection has another one now, or one that TLS
// refuses.
[[nodiscard]] bool fits_certificate(const RequestView& request, const SessionCookie& cookie);
[[nodiscard]] Buffer certificate_digest(Bytes der);  // SHA-256

// Set-Cookie that removes the session's cookie from the browser.
[[nodiscard]] std::string removed_session_cookie(const RequestView& request);

// {"user": "alice@ROOT.EXAMPLE", "sign_in": "forms", "expires": "2026-01-01T00:00:00Z"}
[[nodiscard]] std::string session_json(const Session& session);

}  // namespace stead::proxy
