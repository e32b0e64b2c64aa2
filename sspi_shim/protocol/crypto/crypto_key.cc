// Keys and what is derived from them.
#include <algorithm>
#include <numeric>

#include "sspi_shim/protocol/crypto/crypto_aes.h"
#include "sspi_shim/protocol/crypto/crypto_rc4.h"
#include "sspi_shim/protocol/crypto/crypto_state.h"

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

constexpr std::size_t kRc4KeySize = 16;
// A KDC names the iterations; more than these would let it keep a processor busy for seconds.
constexpr std::uint32_t kMaxIterations = 1u << 20;

// PBKDF2 (RFC 8018 §5.2).
SecretBuffer pbkdf2(Digest digest, Bytes password, Bytes salt, std::uint32_t iterations, std::size_t size) {
  const HmacKey key(digest, password);
  SecretBuffer out;
  for (std::uint32_t block = 1; out.size() < size; ++block) {
    std::uint8_t number[4];
    store_be32(number, block);
    DigestValue u = key.mac({salt, number}), sum = u;
    for (std::uint32_t i = 1; i < iterations; ++i) {
      u = key.mac({Bytes(u).first(digest_size(digest))});
      for (std::size_t k = 0; k < digest_size(digest); ++k) sum[k] ^= u[k];
    }
    const std::size_t take = std::min(size - out.size(), digest_size(digest));
    out.insert(out.end(), sum.begin(), sum.begin() + take);
    wipe(u.data(), u.size());
    wipe(sum.data(), sum.size());
  }
  return out;
}

// The derivation constant: usage and purpose.
std::array<std::uint8_t, 5> usage_label(KeyUsage usage, Purpose purpose) {
  std::array<std::uint8_t, 5> label;
  store_be32(label.data(), static_cast<std::uint32_t>(usage));
  label[4] = static_cast<std::uint8_t>(purpose);
  return label;
}

using Block = std::array<std::uint8_t, kAesBlock>;

void derive_from_folded(Bytes key, const Block& folded, std::span<std::uint8_t> out) {
  // K1 = E(constant), K2 = E(K1): which is what CBC makes of the constant and a block of zeros.
  std::fill(std::copy(folded.begin(), folded.end(), out.begin()), out.end(), std::uint8_t{0});
  aes_cbc_encrypt(key, out);
}

constexpr std::uint32_t kFoldedUsages = 64;  // has all those of RFC 4120, 6113 and MS-SFU

// Derives for a usage. The folded constants are the same for every key; folding one takes longer than encrypting it.
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
  // `in` is laid end to end, each copy rotated 13 bits further to the right, until a whole number of `out` is full;
  // those are added up in ones' complement.
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
    if (carry == 0) break;  // what is carried out of the top comes back in at the bottom
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

Result<Key> Key::make(EncType type, Bytes value) {
  if (!is_supported(type)) return WireErrc::unsupported;
  const auto* profile = crypto::find_profile(type);
  if (value.size() != (profile != nullptr ? profile->key_size : crypto::kRc4KeySize)) return WireErrc::bad_length;
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
  const auto value = std::span(bytes).first(profile != nullptr ? profile->key_size : crypto::kRc4KeySize);
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
  if (iterations == 0 || iterations > crypto::kMaxIterations) return WireErrc::too_large;  // 0 stands for 2^32

  Buffer full_salt;
  if (profile->sha2) {
    append(full_salt, as_bytes(profile->name));
    full_salt.push_back(0);
  }
  append(full_salt, as_bytes(salt));
  const auto seed = crypto::pbkdf2(profile->digest, as_bytes(password), full_salt, iterations, profile->key_size);
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

bool is_supported(EncType type) {
  return type == EncType::rc4_hmac || crypto::find_profile(type) != nullptr;
}
bool is_weak(EncType type) {
  return crypto::find_profile(type) == nullptr;
}

}  // namespace stead
