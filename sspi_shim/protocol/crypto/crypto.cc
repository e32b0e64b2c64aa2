#include "sspi_shim/protocol/crypto/crypto.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "sspi_shim/protocol/crypto/crypto_aes.h"
#include "sspi_shim/protocol/crypto/crypto_rc4.h"
#include "sspi_shim/protocol/crypto/key_derivation.h"
#include "sspi_shim/protocol/crypto/random.h"

namespace stead {
namespace {

using crypto::kAesBlock;
constexpr std::uint8_t kZeroIv[kAesBlock] = {};

// RFC 3961 §5.1: the pseudo-random function's key is derived with this constant (RFC 8009: label).
constexpr std::string_view kPrfConstant = "prf";

// RFC 3961 §5.3: encrypts confounder and plaintext, MACs both. RFC 8009 §5: MACs the initial vector and the
// ciphertext.
void seal(const crypto::Profile& profile, const crypto::Derived& keys, std::span<std::uint8_t> data, std::size_t size) {
  const auto ke = Bytes(keys.ke).first(profile.key_size);
  crypto::DigestValue mac;
  if (profile.sha2) {
    crypto::aes_cts_encrypt(ke, data, size);
    mac = keys.mac.mac({kZeroIv, data.first(size)});
  } else {
    mac = keys.mac.mac({data.first(size)});
    crypto::aes_cts_encrypt(ke, data, size);
  }
  std::copy_n(mac.begin(), profile.mac_size, data.begin() + size);
}

}  // namespace

Buffer encrypt(const Key& key, KeyUsage usage, Bytes plain) {
  const auto& state = key.state();
  if (state.profile == nullptr) return crypto::rc4_encrypt(state.value(), usage, plain);
  const auto& profile = *state.profile;
  const auto keys = state.derive(usage, false);
  const std::size_t size = kAesBlock + plain.size();
  Buffer out(size + std::max(profile.mac_size, kAesBlock));  // room to pad the last block in place, before the MAC
  random_bytes(std::span(out).first<kAesBlock>());
  std::copy(plain.begin(), plain.end(), out.begin() + kAesBlock);
  seal(profile, *keys.derived, out, size);
  out.resize(size + profile.mac_size);
  return out;
}

Result<SecretBuffer> decrypt(const Key& key, KeyUsage usage, Bytes cipher) {
  const auto& state = key.state();
  if (state.profile == nullptr) return crypto::rc4_decrypt(state.value(), usage, cipher);
  const auto& profile = *state.profile;
  if (cipher.size() < kAesBlock + profile.mac_size) return WireErrc::integrity;
  const auto keys = state.derive(usage, false);
  const auto ke = Bytes(keys->ke).first(profile.key_size);
  const auto body = cipher.first(cipher.size() - profile.mac_size), tag = cipher.last(profile.mac_size);
  SecretBuffer plain(body.size());
  crypto::DigestValue mac;
  if (profile.sha2) {
    mac = keys->mac.mac({kZeroIv, body});
  } else {
    crypto::aes_cts_decrypt(ke, body, plain);
    mac = keys->mac.mac({plain});
  }
  if (!equal_in_constant_time(Bytes(mac).first(profile.mac_size), tag)) return WireErrc::integrity;
  if (profile.sha2) crypto::aes_cts_decrypt(ke, body, plain);
  plain.erase(plain.begin(), plain.begin() + kAesBlock);
  return plain;
}

EncryptedData encrypt_data(const Key& key, KeyUsage usage, Bytes plain, std::optional<std::uint32_t> kvno) {
  return {key.type(), kvno, encrypt(key, usage, plain)};
}

Result<SecretBuffer> decrypt_data(const Key& key, KeyUsage usage, const EncryptedData& data) {
  if (key.empty() || key.type() != data.etype) return WireErrc::wrong_key_type;
  return decrypt(key, usage, data.cipher);
}

ChecksumType required_checksum(EncType type) {
  const auto* profile = crypto::find_profile(type);
  return profile != nullptr ? profile->checksum : ChecksumType::hmac_md5;
}

std::size_t checksum_size(ChecksumType type) {
  switch (type) {
    case ChecksumType::rsa_md4:
    case ChecksumType::rsa_md5:
    case ChecksumType::hmac_md5:
    case ChecksumType::hmac_sha256_128_aes128:
      return 16;
    case ChecksumType::hmac_sha1_96_aes128:
    case ChecksumType::hmac_sha1_96_aes256:
      return 12;
    case ChecksumType::hmac_sha384_192_aes256:
      return 24;
  }
  return 0;
}

bool is_keyed(ChecksumType type) {
  return checksum_size(type) != 0 && type != ChecksumType::rsa_md4 && type != ChecksumType::rsa_md5;
}

Checksum make_checksum(const Key& key, KeyUsage usage, Bytes data) {
  const auto& state = key.state();
  if (state.profile == nullptr) return {ChecksumType::hmac_md5, crypto::hmac_md5_checksum(state.value(), usage, data)};
  const auto mac = state.derive(usage, true)->mac.mac({data});
  return {state.profile->checksum, Buffer(mac.begin(), mac.begin() + state.profile->mac_size)};
}

Result<Checksum> make_checksum(ChecksumType type, const Key& key, KeyUsage usage, Bytes data) {
  if (checksum_size(type) == 0) return WireErrc::unsupported;
  if (key.empty()) return WireErrc::wrong_key_type;
  if (type == required_checksum(key.type())) return make_checksum(key, usage, data);
  if (type != ChecksumType::hmac_md5) return WireErrc::wrong_key_type;
  return Checksum{type, crypto::hmac_md5_checksum(key.value(), usage, data)};
}

Result<void> verify_checksum(const Checksum& checksum, const Key& key, KeyUsage usage, Bytes data) {
  if (!is_keyed(checksum.type)) return WireErrc::wrong_key_type;
  const auto expected = make_checksum(checksum.type, key, usage, data);
  if (!expected) return expected.error();
  if (!equal_in_constant_time(expected->value, checksum.value)) return WireErrc::integrity;
  return {};
}

Buffer unkeyed_checksum(ChecksumType type, Bytes data) {
  return crypto::unkeyed_digest(type, data);
}

Result<Buffer> prf(const Key& key, Bytes input) {
  if (key.empty()) return WireErrc::wrong_key_type;
  const auto& state = key.state();
  if (state.profile == nullptr) return crypto::rc4_prf(state.value(), input);
  const auto& profile = *state.profile;
  Buffer out;
  if (profile.sha2) {
    out.resize(crypto::digest_size(profile.digest));
    crypto::derive_key_sha2(crypto::HmacKey(profile.digest, state.value()), as_bytes(kPrfConstant), input, out);
    return out;
  }
  crypto::DigestValue digest;
  crypto::ShaState hash(profile.digest);
  hash.update(input);
  hash.finish(digest);
  out.assign(digest.begin(), digest.begin() + kAesBlock);
  SecretBuffer prf_key(profile.key_size);
  crypto::derive_key_sha1(state.value(), as_bytes(kPrfConstant), prf_key);
  crypto::aes_cbc_encrypt(prf_key, out);
  return out;
}

namespace {

// XORs the output of PRF+ (RFC 6113 §5.1) to `out`. The counter before the pepper starts at 1.
Result<void> xor_prf_plus(const Key& key, std::string_view pepper, std::span<std::uint8_t> out) {
  std::size_t done = 0;
  for (std::uint8_t counter = 1; done < out.size(); ++counter) {
    Buffer input{counter};
    append(input, as_bytes(pepper));
    auto block = prf(key, input);
    if (!block) return block.error();
    for (std::size_t i = 0; i < block->size() && done < out.size(); ++i) out[done++] ^= (*block)[i];
    wipe(block->data(), block->size());
  }
  return {};
}

}  // namespace

Result<Key> fx_cf2(const Key& a, const Key& b, std::string_view pepper_a, std::string_view pepper_b) {
  SecretBuffer value(a.value().size());
  for (const auto& [key, pepper] : {std::pair(&a, pepper_a), std::pair(&b, pepper_b)}) {
    const auto done = xor_prf_plus(*key, pepper, value);
    if (!done) return done.error();
  }
  return Key::make(a.type(), value);
}

}  // namespace stead
