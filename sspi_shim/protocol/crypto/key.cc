#include "sspi_shim/protocol/crypto/key.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "sspi_shim/protocol/crypto/crypto_rc4.h"
#include "sspi_shim/protocol/crypto/enctype_rules.h"
#include "sspi_shim/protocol/crypto/key_derivation.h"
#include "sspi_shim/protocol/crypto/random.h"

namespace stead {
namespace {

constexpr std::size_t kRc4KeySize = 16;
// A KDC chooses the number of iterations; this limit keeps it from using a processor for seconds.
constexpr std::uint32_t kMaxIterations = 1u << 20;

// PBKDF2 (RFC 8018 §5.2).
SecretBuffer pbkdf2(crypto::Digest digest, Bytes password, Bytes salt, std::uint32_t iterations, std::size_t size) {
  const crypto::HmacKey key(digest, password);
  SecretBuffer out;
  for (std::uint32_t block = 1; out.size() < size; ++block) {
    std::uint8_t number[4];
    store_be32(number, block);
    crypto::DigestValue u = key.mac({salt, number}), sum = u;
    for (std::uint32_t i = 1; i < iterations; ++i) {
      u = key.mac({Bytes(u).first(crypto::digest_size(digest))});
      for (std::size_t k = 0; k < crypto::digest_size(digest); ++k) sum[k] ^= u[k];
    }
    const std::size_t take = std::min(size - out.size(), crypto::digest_size(digest));
    out.insert(out.end(), sum.begin(), sum.begin() + take);
    wipe(u.data(), u.size());
    wipe(sum.data(), sum.size());
  }
  return out;
}

}  // namespace

Result<Key> Key::make(EncType type, Bytes value) {
  if (!is_supported(type)) return WireErrc::unsupported;
  const auto* profile = crypto::find_profile(type);
  if (value.size() != (profile != nullptr ? profile->key_size : kRc4KeySize)) return WireErrc::bad_length;
  auto state = std::make_shared<State>();
  state->type = type;
  state->profile = profile;
  state->size = value.size();
  std::copy(value.begin(), value.end(), state->bytes.begin());
  Key key;
  key.state_ = std::move(state);
  return key;
}

Key Key::random(EncType type) {
  const auto* profile = crypto::find_profile(type);
  std::array<std::uint8_t, 32> bytes;
  const auto value = std::span(bytes).first(profile != nullptr ? profile->key_size : kRc4KeySize);
  random_bytes(value);
  auto key = make(type, value);
  wipe(bytes.data(), bytes.size());
  return key.value();
}

Result<Key> Key::from_password(EncType type, std::string_view password, std::string_view salt, Bytes params) {
  if (!is_supported(type)) return WireErrc::unsupported;
  const auto* profile = crypto::find_profile(type);
  if (profile == nullptr) {
    auto value = crypto::rc4_string_to_key(password);
    if (!value) return value.error();
    return make(type, *value);
  }
  if (!params.empty() && params.size() != 4) return WireErrc::bad_length;
  const std::uint32_t iterations = params.empty() ? profile->iterations : load_be32(params.data());
  if (iterations == 0 || iterations > kMaxIterations) return WireErrc::too_large;  // 0 stands for 2^32

  Buffer full_salt;
  if (profile->sha2) {
    append(full_salt, as_bytes(profile->name));
    full_salt.push_back(0);
  }
  append(full_salt, as_bytes(salt));
  const auto seed = pbkdf2(profile->digest, as_bytes(password), full_salt, iterations, profile->key_size);
  SecretBuffer value(profile->key_size);
  if (profile->sha2) {
    crypto::derive_key_sha2(crypto::HmacKey(profile->digest, seed), as_bytes("kerberos"), {}, value);
  } else {
    crypto::derive_key_sha1(seed, as_bytes("kerberos"), value);
  }
  return make(type, value);
}

EncType Key::type() const {
  return state_ ? state_->type : EncType::null;
}
Bytes Key::value() const {
  return state_ ? state_->value() : Bytes{};
}
EncryptionKey Key::to_encryption_key() const {
  return {type(), to_secret(value())};
}

}  // namespace stead
