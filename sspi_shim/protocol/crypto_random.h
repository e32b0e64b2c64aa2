#pragma once
// Inside crypto: confounders.
#include "sspi_shim/protocol/bytes.h"

namespace stead::crypto {

// 16 random bytes that nobody else gets. Each thread draws them in batches: a draw of 16 from OpenSSL's generator takes
// 0.9 µs, a quarter of an encryption. A batch does not survive fork().
void draw_confounder(std::span<std::uint8_t, 16> out);

}  // namespace stead::crypto
