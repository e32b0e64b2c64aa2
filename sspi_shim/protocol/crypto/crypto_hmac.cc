#include "sspi_shim/protocol/crypto/crypto_hmac.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>

namespace stead::crypto {

HmacKey::HmacKey(Digest digest, Bytes key) : inner_(digest), outer_(digest) {
  const std::size_t block = block_size(digest);
  std::array<std::uint8_t, kMaxBlockSize> pad{};
  if (key.size() > block) {
    DigestValue shorter;
    ShaState hash(digest);
    hash.update(key);
    hash.finish(shorter);
    std::memcpy(pad.data(), shorter.data(), digest_size(digest));
    wipe(&hash, sizeof hash);
    wipe(shorter.data(), shorter.size());
  } else if (!key.empty()) {
    std::memcpy(pad.data(), key.data(), key.size());
  }
  for (auto& b : pad) b ^= 0x36;
  inner_.update(Bytes(pad).first(block));
  for (auto& b : pad) b ^= 0x36 ^ 0x5c;
  outer_.update(Bytes(pad).first(block));
  wipe(pad.data(), pad.size());
}

HmacKey::~HmacKey() {
  wipe(&inner_, sizeof inner_);
  wipe(&outer_, sizeof outer_);
}

DigestValue HmacKey::mac(std::initializer_list<Bytes> parts) const {
  DigestValue value;
  ShaState state = inner_;
  for (const auto part : parts) state.update(part);
  state.finish(value);
  state = outer_;
  state.update(Bytes(value).first(digest_size(outer_.digest())));
  state.finish(value);
  return value;  // OpenSSL wipes the state when it is finished
}

}  // namespace stead::crypto
