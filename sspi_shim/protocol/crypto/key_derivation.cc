#include "sspi_shim/protocol/crypto/key_derivation.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "sspi_shim/protocol/crypto/crypto_aes.h"

namespace stead {
namespace crypto {
namespace {

constexpr Profile kProfiles[] = {
    {EncType::aes256_cts_hmac_sha1_96, ChecksumType::hmac_sha1_96_aes256, 32, 32, 12, Digest::sha1, false, "", 4096},
    {EncType::aes128_cts_hmac_sha1_96, ChecksumType::hmac_sha1_96_aes128, 16, 16, 12, Digest::sha1, false, "", 4096},
    {EncType::aes256_cts_hmac_sha384_192, ChecksumType::hmac_sha384_192_aes256, 32, 24, 24, Digest::sha384, true,
     "aes256-cts-hmac-sha384-192", 32768},
    {EncType::aes128_cts_hmac_sha256_128, ChecksumType::hmac_sha256_128_aes128, 16, 16, 16, Digest::sha256, true,
     "aes128-cts-hmac-sha256-128", 32768},
};

// The derivation constant: usage and purpose.
std::array<std::uint8_t, 5> usage_label(KeyUsage usage, Purpose purpose) {
  std::array<std::uint8_t, 5> label;
  store_be32(label.data(), static_cast<std::uint32_t>(usage));
  label[4] = static_cast<std::uint8_t>(purpose);
  return label;
}

using Block = std::array<std::uint8_t, kAesBlock>;

void derive_from_folded(Bytes key, const Block& folded, std::span<std::uint8_t> out) {
  // K1 = E(constant), K2 = E(K1): the CBC encryption of the constant and a block of zeros.
  std::fill(std::copy(folded.begin(), folded.end(), out.begin()), out.end(), std::uint8_t{0});
  aes_cbc_encrypt(key, out);
}

constexpr std::uint32_t kFoldedUsages = 64;  // covers RFC 4120, RFC 6113 and MS-SFU

// Derives a key for one usage. The folded constants are the same for every key and are kept: to fold one takes longer
// than to encrypt it.
void derive_for_usage(Bytes key, KeyUsage usage, Purpose purpose, std::span<std::uint8_t> out) {
  constexpr Purpose kPurposes[] = {Purpose::encryption, Purpose::integrity, Purpose::checksum};
  static const auto folded = [&] {
    std::array<std::array<Block, kFoldedUsages>, 3> made;
    for (std::size_t p = 0; p < made.size(); ++p) {
      for (std::uint32_t u = 0; u < kFoldedUsages; ++u) n_fold(usage_label(KeyUsage(u), kPurposes[p]), made[p][u]);
    }
    return made;
  }();
  const auto number = static_cast<std::uint32_t>(usage);
  if (number >= kFoldedUsages) return derive_key_sha1(key, usage_label(usage, purpose), out);
  const auto row = purpose == Purpose::encryption ? 0 : purpose == Purpose::integrity ? 1 : 2;
  derive_from_folded(key, folded[row][number], out);
}

std::unique_ptr<Derived> derive_sha1(const Profile& profile, Bytes key, KeyUsage usage, bool for_checksum) {
  std::array<std::uint8_t, 32> mac_key;
  const auto out = std::span(mac_key).first(profile.mac_key_size);
  derive_for_usage(key, usage, for_checksum ? Purpose::checksum : Purpose::integrity, out);
  auto derived = std::make_unique<Derived>(usage, for_checksum, profile.digest, out);
  wipe(mac_key.data(), mac_key.size());
  if (!for_checksum) {
    derive_for_usage(key, usage, Purpose::encryption, std::span(derived->ke).first(profile.key_size));
  }
  return derived;
}

std::unique_ptr<Derived> derive_sha2(const Profile& profile, Bytes key, KeyUsage usage, bool for_checksum) {
  const HmacKey base(profile.digest, key);
  std::array<std::uint8_t, 32> mac_key;
  const auto out = std::span(mac_key).first(profile.mac_key_size);
  derive_key_sha2(base, usage_label(usage, for_checksum ? Purpose::checksum : Purpose::integrity), {}, out);
  auto derived = std::make_unique<Derived>(usage, for_checksum, profile.digest, out);
  wipe(mac_key.data(), mac_key.size());
  if (!for_checksum) {
    derive_key_sha2(base, usage_label(usage, Purpose::encryption), {}, std::span(derived->ke).first(profile.key_size));
  }
  return derived;
}

}  // namespace

const Profile* find_profile(EncType type) {
  const auto* found =
      std::find_if(std::begin(kProfiles), std::end(kProfiles), [&](const Profile& p) { return p.type == type; });
  return found == std::end(kProfiles) ? nullptr : found;
}

void n_fold(Bytes in, std::span<std::uint8_t> out) {
  // Concatenates copies of `in`, each rotated 13 bits further to the right, up to a multiple of out.size(), and adds
  // the pieces of that size in ones' complement.
  const std::size_t bits = 8 * in.size(), total = std::lcm(in.size(), out.size());
  std::vector<std::uint32_t> sums(out.size());
  for (std::size_t at = 0; at < total; ++at) {
    const std::size_t copy = at / in.size();
    const std::size_t bit = (8 * (at % in.size()) + bits - 13 * copy % bits) % bits;
    const std::size_t byte = bit / 8;
    const unsigned pair = unsigned(in[byte]) << 8 | in[(byte + 1) % in.size()];
    sums[at % out.size()] += pair >> (8 - bit % 8) & 0xFF;
  }
  for (std::uint32_t carry = 0;;) {
    for (std::size_t i = out.size(); i-- > 0;) {
      carry += sums[i];
      sums[i] = carry & 0xFF;
      carry >>= 8;
    }
    if (carry == 0) break;  // the carry out of the top is added at the bottom
  }
  std::copy(sums.begin(), sums.end(), out.begin());
}

void derive_key_sha1(Bytes key, Bytes constant, std::span<std::uint8_t> out) {
  Block folded;
  n_fold(constant, folded);
  derive_from_folded(key, folded, out);
}

void derive_key_sha2(const HmacKey& key, Bytes label, Bytes context, std::span<std::uint8_t> out) {
  constexpr std::uint8_t one[] = {0, 0, 0, 1}, zero[] = {0};
  std::uint8_t bits[4];
  store_be32(bits, std::uint32_t(8 * out.size()));
  auto value = key.mac({one, label, zero, context, bits});
  std::copy_n(value.begin(), out.size(), out.begin());
  wipe(value.data(), value.size());
}

}  // namespace crypto

Key::State::~State() {
  wipe(bytes.data(), bytes.size());
  for (auto& place : table_) delete place.load(std::memory_order_acquire);
}

Key::State::DerivedRef Key::State::derive(KeyUsage usage, bool for_checksum) const {
  const auto wanted = [&](const crypto::Derived& d) { return d.usage == usage && d.for_checksum == for_checksum; };
  std::unique_ptr<crypto::Derived> made;
  for (auto& place : table_) {
    const auto* there = place.load(std::memory_order_acquire);
    if (there == nullptr) {
      if (!made) {
        made = profile->sha2 ? crypto::derive_sha2(*profile, value(), usage, for_checksum)
                             : crypto::derive_sha1(*profile, value(), usage, for_checksum);
      }
      if (place.compare_exchange_strong(there, made.get(), std::memory_order_acq_rel)) return {made.release(), nullptr};
    }
    if (wanted(*there)) return {there, nullptr};
  }
  if (!made) {
    made = profile->sha2 ? crypto::derive_sha2(*profile, value(), usage, for_checksum)
                         : crypto::derive_sha1(*profile, value(), usage, for_checksum);
  }
  const auto* derived = made.get();
  return {derived, std::move(made)};
}

}  // namespace stead
