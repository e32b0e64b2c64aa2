#pragma once
// Keys of Kerberos encryption types.
#include <memory>
#include <string_view>

#include "sspi_shim/protocol/types/types.h"

namespace stead {

// Immutable; threads may share one. The keys derived for each usage are computed once and kept with it, without a lock.
// Copies share the state and are cheap. Everything secret is wiped with the last copy.
class Key {
 public:
  Key() = default;
  // Fails with WireErrc::unsupported for an unsupported encryption type and with bad_length for a wrong size.
  [[nodiscard]] static Result<Key> make(EncType type, Bytes value);
  [[nodiscard]] static Result<Key> make(const EncryptionKey& key) { return make(key.type, key.value); }
  [[nodiscard]] static Key random(EncType type);  // `type` must be supported
  // Takes 1 ms of CPU for AES-SHA1 and 5 to 16 ms for AES-SHA2: never call it on an event loop. Empty params: the
  // type's defaults; else the number of iterations in 4 bytes. Fails with unsupported, bad_length (params), too_large
  // (iterations) or bad_value (RC4: password not UTF-8).
  [[nodiscard]] static Result<Key> from_password(EncType type, std::string_view password, std::string_view salt,
                                                 Bytes params = {});

  [[nodiscard]] bool empty() const { return !state_; }
  [[nodiscard]] EncType type() const;
  [[nodiscard]] Bytes value() const;
  [[nodiscard]] EncryptionKey to_encryption_key() const;

  struct State;
  [[nodiscard]] const State& state() const { return *state_; }

 private:
  std::shared_ptr<const State> state_;
};

}  // namespace stead
