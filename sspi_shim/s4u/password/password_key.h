#pragma once
// Derives a key from a password (RFC 3961 string-to-key) on a thread pool: it takes milliseconds of CPU.
#include <string>

#include <boost/asio/awaitable.hpp>

#include "sspi_shim/protocol/crypto/crypto.h"
#include "sspi_shim/s4u/password/derivation_queue.h"

namespace stead {

struct PasswordToDerive {
  EncType type{};
  SecretBuffer password;
  std::string salt;
  Buffer params;
};

// Fails also as is_derivation_late() says. The pool is shared by all clients of the process.
[[nodiscard]] boost::asio::awaitable<Result<Key>> password_key(PasswordToDerive what, DerivationTurn turn);

}  // namespace stead
