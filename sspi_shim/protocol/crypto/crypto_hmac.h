#pragma once
// Inside crypto: HMAC that keeps the digest states after ipad and opad, so that a MAC costs only its data and one
// block.
#include <array>
#include <initializer_list>

#include "sspi_shim/base/bytes.h"
#include "sspi_shim/protocol/crypto/crypto_sha.h"

namespace stead::crypto {

// Immutable: threads may share one. The destructor wipes it.
class HmacKey {
 public:
  HmacKey(Digest digest, Bytes key);
  ~HmacKey();
  HmacKey(const HmacKey&) = delete;
  HmacKey& operator=(const HmacKey&) = delete;

  // The MAC of the concatenated parts: the first digest_size(digest) bytes of the result.
  [[nodiscard]] DigestValue mac(std::initializer_list<Bytes> parts) const;

 private:
  ShaState inner_, outer_;
};

}  // namespace stead::crypto
