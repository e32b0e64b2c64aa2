#pragma once
// The keys that seal session cookies and the login form: AES-256-GCM. The file holds 32 random bytes for each key. The
// first key seals, all open, so that keys can be rotated: put a new one in front, and remove the last one when its
// sessions have ended.
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sspi_shim/base/bytes.h"
#include "sspi_shim/base/problem.h"

namespace stead::proxy {

constexpr std::size_t kSessionKeySize = 32;

// What a sealed value is for. One that was sealed for another purpose or host does not open.
struct SealedFor {
  std::string_view purpose;  // "session", "form", "signed-out", …
  std::string_view host;     // lower case, without port; or what else it belongs to
};

class SessionKeys {
 public:
  // Reads the file. If there is none, makes it with one key; replicas that start at the same time agree on one key.
  // Sets the file's mode to 0600. Blocking.
  [[nodiscard]] static Checked<SessionKeys> open(const std::string& path);
  // Changes nothing: a file that is missing counts as one that can be made. Blocking.
  [[nodiscard]] static Checked<SessionKeys> look_at(const std::string& path);
  explicit SessionKeys(SecretBuffer keys);

  // base64url(key id (4) ‖ nonce (12) ‖ ciphertext ‖ tag (16)); the key id is the start of SHA-256 of the key. The tag
  // also covers key id ‖ purpose ‖ NUL ‖ host.
  [[nodiscard]] std::string seal(Bytes content, SealedFor use) const;
  static constexpr std::size_t kMaxCookie = 4096;
  // Nothing: sealed by another key or for another use, changed, or longer than `longest`.
  [[nodiscard]] std::optional<Buffer> open_sealed(std::string_view sealed, SealedFor use,
                                                  std::size_t longest = kMaxCookie) const;

  [[nodiscard]] bool are_same(const SessionKeys& other) const { return ids_ == other.ids_; }

 private:
  [[nodiscard]] std::size_t count() const { return keys_.size() / kSessionKeySize; }
  [[nodiscard]] Bytes key(std::size_t index) const {
    return Bytes(keys_).subspan(index * kSessionKeySize, kSessionKeySize);
  }
  SecretBuffer keys_;
  std::vector<std::array<std::uint8_t, 4>> ids_;  // of the keys, in order
};

}  // namespace stead::proxy
