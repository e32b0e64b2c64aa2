#pragma once
// The session travels in a cookie that only replicas with the key file can make or read: AES-256-GCM over a small fixed
// layout.
//
//   cookie  = base64url(key id (4) ‖ nonce (12) ‖ ciphertext ‖ tag (16)); the key id is the start of SHA-256 of the key
//   content = version 1 (1) ‖ session id (16) ‖ method (1) ‖ issued, expires, seen (8 each, seconds since 1970,
//   big-endian) ‖
//             user length (2) ‖ user ‖ SHA-256 of the certificate (32; only where the method is certificate)
//
// The key file holds 32 random bytes for each key: the first seals, all open, so that keys can be rotated: put a new
// one in front, take the last away when its sessions have ended.
#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/sign_in/sign_in.h"
#include "sspi_shim/base/bytes.h"
#include "sspi_shim/protocol/errors/error.h"

namespace stead::proxy {

constexpr std::size_t kSessionKeySize = 32;

class SessionKeys {
 public:
  // Reads the file, or makes it with one key, 0600, where there is none (two replicas that start at once agree on one).
  // An existing file's mode is set to 0600. `message` names the file and says what is wrong.
  [[nodiscard]] static std::optional<SessionKeys> open(const std::string& path, std::string& message);
  explicit SessionKeys(SecretBuffer keys);

  [[nodiscard]] std::string seal(Bytes content) const;
  [[nodiscard]] std::optional<Buffer> open_sealed(
      std::string_view sealed) const;  // nothing: not ours, or tampered with

 private:
  [[nodiscard]] std::size_t count() const { return keys_.size() / kSessionKeySize; }
  [[nodiscard]] Bytes key(std::size_t index) const {
    return Bytes(keys_).subspan(index * kSessionKeySize, kSessionKeySize);
  }
  SecretBuffer keys_;
  std::vector<std::array<std::uint8_t, 4>> ids_;  // of the keys, in order
};

// What the cookie says; `seen` is when the session was last re-sealed.
struct SessionCookie {
  Session session;
  std::chrono::sys_seconds issued{}, seen{};
  Buffer certificate;  // SHA-256 of the certificate that signed in; empty with other methods
};

[[nodiscard]] std::string new_session_id();  // 32 hex digits
[[nodiscard]] std::string seal_session(const SessionKeys& keys, const SessionCookie& cookie);
[[nodiscard]] std::optional<SessionCookie> open_session(const SessionKeys& keys, std::string_view sealed);

// Cookies that were opened before, of one core: a browser sends the same one with each request, and to open it takes
// longer than to find it. What a cookie says is its content, and nothing else: whether the session still holds is
// judged with each request.
class OpenedCookies {
 public:
  explicit OpenedCookies(const SessionKeys& keys) : keys_(keys), slots_(kSlots) {}
  // As open_session; null where it has nothing. Holds until the next call.
  [[nodiscard]] const SessionCookie* open(std::string_view sealed);

 private:
  static constexpr std::size_t kSlots = 1024;
  struct Slot {
    std::string sealed;
    SessionCookie cookie;
  };
  const SessionKeys& keys_;
  std::vector<Slot> slots_;  // by the text's hash; a later one takes the place
};

// Content alone, for the two above and their tests.
[[nodiscard]] Buffer encode(const SessionCookie& cookie);
[[nodiscard]] Result<SessionCookie> decode_session_cookie(Bytes content);

// "__Host-stead" over TLS, "stead" over plain HTTP.
[[nodiscard]] std::string_view session_cookie_name(bool tls);
[[nodiscard]] std::string set_cookie(std::string_view name, std::string_view value, bool tls,
                                     std::optional<std::chrono::seconds> max_age = {});
// The value of the one cookie of this name; nothing where there is none, or more than one with different values.
[[nodiscard]] std::optional<std::string_view> find_cookie(std::string_view cookie_header, std::string_view name);

}  // namespace stead::proxy
