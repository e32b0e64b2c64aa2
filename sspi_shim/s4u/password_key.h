#pragma once
// Derives a key from a password (RFC 3961 string-to-key) on a thread pool: it takes milliseconds of CPU.
#include <string>

#include <boost/asio/awaitable.hpp>

#include "sspi_shim/protocol/crypto/crypto.h"

namespace stead {

[[nodiscard]] boost::asio::awaitable<Result<Key>> password_key(EncType type, SecretBuffer password, std::string salt,
                                                               Buffer params);

}  // namespace stead
