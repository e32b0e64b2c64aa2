#pragma once
// Inside crypto: SHA-1, SHA-256 and SHA-384 with a state that is a plain value: to copy it takes a copy of 200 bytes. A
// copy of OpenSSL's EVP_MD_CTX allocates and costs 0.1-0.2 µs, more than the block that HMAC saves by it.
#include <array>
#include <cstddef>
#include <cstdint>

#include "sspi_shim/base/bytes.h"

namespace stead::crypto {

enum class Digest { sha1, sha256, sha384 };
constexpr std::size_t kMaxDigestSize = 48, kMaxBlockSize = 128;
using DigestValue = std::array<std::uint8_t, kMaxDigestSize>;

constexpr std::size_t digest_size(Digest digest) {
  return digest == Digest::sha1 ? 20 : digest == Digest::sha256 ? 32 : 48;
}
constexpr std::size_t block_size(Digest digest) {
  return digest == Digest::sha384 ? 128 : 64;
}

class ShaState {
 public:
  explicit ShaState(Digest digest);
  void update(Bytes data);
  // The first digest_size(digest()) bytes are the digest. The state cannot be used afterwards.
  void finish(DigestValue& out);
  [[nodiscard]] Digest digest() const { return digest_; }

 private:
  Digest digest_;
  alignas(8) std::array<unsigned char, 216> state_;  // OpenSSL's SHA_CTX, SHA256_CTX or SHA512_CTX
};

}  // namespace stead::crypto
