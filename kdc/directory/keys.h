#pragma once
// The keys of an account or trust, derived from its password when they are first needed.
//
// Deriving a key takes milliseconds, so a request handler never does it: find() returns null for a key that does not
// exist yet, the server calls derive() on a thread pool, and then handles the request again.
#include <array>
#include <atomic>
#include <cstdint>
#include <string>

#include "kdc/forest/forest.h"
#include "sspi_shim/protocol/crypto/crypto.h"

namespace stead::kdc {

// The keys of one Secret by encryption type. Thread-safe without locks: each key is published once.
class Keys {
 public:
  Keys(Secret secret, std::string salt);
  ~Keys();
  Keys(const Keys&) = delete;
  Keys& operator=(const Keys&) = delete;

  // The key, or null if it has not been derived yet or cannot exist (see can_have).
  [[nodiscard]] const Key* find(EncType type) const;
  // Blocking. Does nothing if the key exists already.
  void derive(EncType type) const;
  // True if the secret gives a key of this type: a password gives every type, given keys only their own.
  [[nodiscard]] bool can_have(EncType type) const;
  [[nodiscard]] std::uint32_t kvno() const { return secret_.kvno; }
  [[nodiscard]] const std::string& salt() const { return salt_; }

 private:
  static constexpr int kSlots = 5;
  Secret secret_;
  std::string salt_;
  mutable std::array<std::atomic<const Key*>, kSlots> slots_{};
};

}  // namespace stead::kdc
