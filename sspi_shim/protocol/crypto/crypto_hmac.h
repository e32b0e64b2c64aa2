#pragma once
// Inside crypto: HMAC with the digest states after ipad and opad kept, so that a MAC costs no more than its data and
// one block.
#include <array>
#include <initializer_list>

#include "sspi_shim/base/bytes.h"
#include "sspi_shim/protocol/crypto/crypto_sha.h"

namespace stead::crypto {

// Immutable once made: threads may share one. Wiped at its end.
class HmacKey {
 public:
  HmacKey(Digest digest, Bytes key);
  ~HmacKey();
  HmacKey(const HmacKey&) = delete;
  HmacKey& operator=(const HmacKey&) = delete;

  // The MAC of the parts joined: the first digest_size(digest) bytes of the result.
  [[nodiscard]] DigestValue mac(std::initializer_list<Bytes> parts) const;

 private:
  ShaState inner_, outer_;
};

}  // namespace stead::crypto
