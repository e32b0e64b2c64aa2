#pragma once
// Inside crypto: AES in CBC mode with ciphertext stealing (RFC 3962 §5, CBC-CS3), always from a zero initial vector.
//
// Each thread keeps one OpenSSL context for each key size and direction and sets a new key for each operation, which
// costs 40 ns more than to set a new initial vector. The last key therefore stays in the context until the next
// operation or the end of the thread.
#include <cstddef>
#include <cstdint>
#include <span>

#include "sspi_shim/base/bytes.h"

namespace stead::crypto {

constexpr std::size_t kAesBlock = 16;

// Encrypts in place. `data` is whole blocks; no ciphertext stealing. The key has 16 or 32 bytes, here and below.
void aes_cbc_encrypt(Bytes key, std::span<std::uint8_t> data);

// Encrypts data[0, size) in place, size >= 16. `data` has room for whole blocks; the bytes after `size` are
// overwritten.
void aes_cts_encrypt(Bytes key, std::span<std::uint8_t> data, std::size_t size);

// Decrypts into `plain`, which is of the same size, at least 16 bytes, and does not overlap.
void aes_cts_decrypt(Bytes key, Bytes cipher, std::span<std::uint8_t> plain);

}  // namespace stead::crypto
