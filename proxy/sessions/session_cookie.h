#pragma once
// The session travels in a cookie that only replicas with the key file can make or read.
//
//   content = version 3 (1) ‖ session id (16) ‖ method (1) ‖ issued, expires, seen (8 each, seconds since 1970,
//   big-endian)
//             ‖ digest of the configuration's groups (8) ‖ 1 if the user's are known, else 0 (1) ‖ their count (2) ‖
//             their numbers (1 each)
//             ‖ user length (2) ‖ user ‖ SHA-256 of the certificate (32; only if the method is certificate)
//             ‖ digest of the evidence (16; only if the method is kerberos)
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/sessions/session_keys.h"
#include "proxy/tickets/session.h"
#include "sspi_shim/base/bytes.h"
#include "sspi_shim/protocol/errors/error.h"

namespace stead::proxy {

struct SessionCookie {
  Session session;
  std::chrono::sys_seconds issued{}, seen{};  // seen: when the cookie was last sealed
  Buffer certificate;                         // SHA-256 of the certificate that signed in; empty with other methods
  Buffer groups_digest;                       // of the GroupPatterns whose numbers session.groups has
};

// "__Host-stead" over TLS, "stead" over plain HTTP.
[[nodiscard]] std::string_view session_cookie_name(bool tls);
[[nodiscard]] std::string new_session_id();  // 32 hex digits
// For one host, without port: another host's cookie is none.
[[nodiscard]] std::string seal_session(const SessionKeys& keys, const SessionCookie& cookie, std::string_view host);
[[nodiscard]] std::optional<SessionCookie> open_session(const SessionKeys& keys, std::string_view sealed,
                                                        std::string_view host);

// A cache of opened cookies, for one core: a browser sends the same cookie with each request, and decryption takes
// longer than a look-up. It caches the content only; callers check with each request whether the session is still
// valid.
class OpenedCookies {
 public:
  explicit OpenedCookies(const SessionKeys& keys) : keys_(keys), slots_(kSlots) {}
  // As open_session, but null in place of nothing. Valid until the next call. `anew`: it was not in the cache.
  [[nodiscard]] const SessionCookie* open(std::string_view sealed, std::string_view host, bool& anew);
  [[nodiscard]] const SessionCookie* open(std::string_view sealed, std::string_view host) {
    bool anew = false;
    return open(sealed, host, anew);
  }

 private:
  static constexpr std::size_t kSlots = 1024;
  struct Slot {
    std::string sealed, host;
    SessionCookie cookie;
  };
  const SessionKeys& keys_;
  std::vector<Slot> slots_;  // by the text's hash; a newer cookie replaces an older one
};

// The content without the seal.
[[nodiscard]] Buffer encode(const SessionCookie& cookie);
[[nodiscard]] Result<SessionCookie> decode_session_cookie(Bytes content);

}  // namespace stead::proxy
