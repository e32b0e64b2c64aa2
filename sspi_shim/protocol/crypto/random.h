#pragma once
// Random bytes for keys, confounders and nonces.
#include <cstddef>
#include <cstdint>
#include <span>

#include "sspi_shim/base/bytes.h"

namespace stead {

// Never the same bytes twice, in this process or in one forked from it. Throws if OpenSSL has none.
void random_bytes(std::span<std::uint8_t> out);
[[nodiscard]] Buffer random_buffer(std::size_t size);
[[nodiscard]] std::uint32_t random_nonce();  // below 2^31, as peers with signed nonces need

}  // namespace stead
