#pragma once
// String-to-key off the event loop: it takes milliseconds of CPU.
#include <boost/asio/awaitable.hpp>

#include "sspi_shim/protocol/crypto/crypto.h"

namespace stead {

[[nodiscard]] boost::asio::awaitable<Result<Key>> password_key(EncType type, SecretBuffer password, std::string salt,
                                                               Buffer params);

}  // namespace stead
