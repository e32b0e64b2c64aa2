#pragma once
// OpenSSL's error queue in words.
#include <string>

namespace stead {

// Says why OpenSSL could not use a file: the first error of the queue, which is then empty.
[[nodiscard]] std::string take_openssl_error();

}  // namespace stead
