#pragma once
// Inside crypto: the state of a Key, and the keys derived from it.
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "sspi_shim/protocol/crypto/crypto_hmac.h"
#include "sspi_shim/protocol/crypto/key.h"

namespace stead::crypto {

// The parameters of an encryption type's profile: RFC 3962 §6, RFC 8009 §5.
struct Profile {
  EncType type;
  ChecksumType checksum;
  std::size_t key_size;
  std::size_t mac_key_size;  // Ki and Kc
  std::size_t mac_size;      // the truncated HMAC, of encryption and of checksums
  Digest digest;
  bool sha2;                 // RFC 8009: derives by KDF-HMAC-SHA2, MACs the ciphertext
  const char* name;          // prepended to the salt (RFC 8009 §4)
  std::uint32_t iterations;  // of string-to-key, unless its parameters say otherwise
};

// Null for RC4, which has no such profile, and for unsupported types.
[[nodiscard]] const Profile* find_profile(EncType type);

enum class Purpose : std::uint8_t { encryption = 0xAA, integrity = 0x55, checksum = 0x99 };  // RFC 3961 §5.3

// The keys of one usage: Ke and Ki to encrypt, or Kc for a checksum.
struct Derived {
  KeyUsage usage;
  bool for_checksum;
  std::array<std::uint8_t, 32> ke;  // the first key_size bytes; unused for a checksum
  HmacKey mac;

  Derived(KeyUsage key_usage, bool checksum, Digest digest, Bytes mac_key)
      : usage(key_usage), for_checksum(checksum), ke{}, mac(digest, mac_key) {}
  ~Derived() { wipe(ke.data(), ke.size()); }
  Derived(const Derived&) = delete;
  Derived& operator=(const Derived&) = delete;
};

// RFC 3961 §5.1: replicates and rotates `in` to out.size() bytes. Neither is empty.
void n_fold(Bytes in, std::span<std::uint8_t> out);
// DR and DK of RFC 3961 §5.1 for AES: as many bytes as the key has.
void derive_key_sha1(Bytes key, Bytes constant, std::span<std::uint8_t> out);
// KDF-HMAC-SHA2 (RFC 8009 §3): out.size() is the k of the RFC; `context` is empty except for the PRF.
void derive_key_sha2(const HmacKey& key, Bytes label, Bytes context, std::span<std::uint8_t> out);

}  // namespace stead::crypto

namespace stead {

struct Key::State {
  EncType type = EncType::null;
  const crypto::Profile* profile = nullptr;  // null for RC4
  std::size_t size = 0;
  std::array<std::uint8_t, 32> bytes{};

  State() = default;
  ~State();
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  [[nodiscard]] Bytes value() const { return Bytes(bytes).first(size); }

  // Owns the derived keys unless the key's table does.
  struct DerivedRef {
    const crypto::Derived* derived;
    std::unique_ptr<const crypto::Derived> own;
    const crypto::Derived* operator->() const { return derived; }
  };
  // Finds the keys of a usage in the table, or derives and stores them, without a lock: if two threads do so at once,
  // both use what the first stored. When the table is full, the keys of other usages are derived each time.
  [[nodiscard]] DerivedRef derive(KeyUsage usage, bool for_checksum) const;

 private:
  mutable std::array<std::atomic<const crypto::Derived*>, 8> table_{};
};

}  // namespace stead
