#pragma once
// Encryption, checksums and key derivation of RFC 3961/3962 (AES-SHA1), RFC 8009 (AES-SHA2) and RFC 4757 (RC4).
//
// A Key is immutable and may be shared by threads: the keys derived for each usage are made once and kept with it,
// without a lock. Copies are cheap (they share). Everything secret is wiped when the last copy goes.
#include <memory>
#include <string_view>

#include "sspi_shim/protocol/types/types.h"

namespace stead {

class Key {
 public:
  Key() = default;
  // Fails with WireErrc::unsupported for an encryption type we do not have and bad_length where the size does not fit
  // it.
  [[nodiscard]] static Result<Key> make(EncType type, Bytes value);
  [[nodiscard]] static Result<Key> make(const EncryptionKey& key) { return make(key.type, key.value); }
  [[nodiscard]] static Key random(EncType type);  // `type` is one of ours
  // 1 ms of CPU for AES-SHA1, 5 to 16 ms for AES-SHA2: never on an event loop. Empty params: the type's defaults; else
  // the count of iterations in 4 bytes. Fails with unsupported, bad_length (params), too_large (iterations) or
  // bad_value (RC4: password not UTF-8).
  [[nodiscard]] static Result<Key> from_password(EncType type, std::string_view password, std::string_view salt,
                                                 Bytes params = {});

  [[nodiscard]] bool empty() const { return !state_; }
  [[nodiscard]] EncType type() const;
  [[nodiscard]] Bytes value() const;
  [[nodiscard]] EncryptionKey to_encryption_key() const;

  struct State;
  [[nodiscard]] const State& state() const { return *state_; }

 private:
  std::shared_ptr<const State> state_;
};

[[nodiscard]] bool is_supported(EncType type);
// RC4 and whatever else needs an administrator's consent.
[[nodiscard]] bool is_weak(EncType type);

// Confounder, plaintext and integrity tag, as the profile has it. decrypt fails with WireErrc::integrity, nothing more
// is told.
[[nodiscard]] Buffer encrypt(const Key& key, KeyUsage usage, Bytes plain);
[[nodiscard]] Result<SecretBuffer> decrypt(const Key& key, KeyUsage usage, Bytes cipher);
// The same around EncryptedData; decrypt fails with wrong_key_type where the etypes differ.
[[nodiscard]] EncryptedData encrypt_data(const Key& key, KeyUsage usage, Bytes plain,
                                         std::optional<std::uint32_t> kvno = {});
[[nodiscard]] Result<SecretBuffer> decrypt_data(const Key& key, KeyUsage usage, const EncryptedData& data);

// The checksum type that goes with an encryption type (RFC 3961's required checksum).
[[nodiscard]] ChecksumType required_checksum(EncType type);
[[nodiscard]] std::size_t checksum_size(ChecksumType type);  // 0: not ours
[[nodiscard]] bool is_keyed(ChecksumType type);
// Keyed checksum with the key's required type, or with hmac_md5, which works with a key of any type (PA-FOR-USER, PAC).
[[nodiscard]] Checksum make_checksum(const Key& key, KeyUsage usage, Bytes data);
[[nodiscard]] Result<Checksum> make_checksum(ChecksumType type, const Key& key, KeyUsage usage, Bytes data);
// Verifies in constant time. wrong_key_type: a checksum type that this key does not make; unkeyed types are never
// accepted here.
[[nodiscard]] Result<void> verify_checksum(const Checksum& checksum, const Key& key, KeyUsage usage, Bytes data);
[[nodiscard]] Buffer unkeyed_checksum(ChecksumType type, Bytes data);  // rsa_md4 (RC4's PA-S4U-X509-USER) and rsa_md5

// RFC 6113 §5.1 KRB-FX-CF2, and RFC 3961 PRF.
[[nodiscard]] Result<Buffer> prf(const Key& key, Bytes input);
[[nodiscard]] Result<Key> fx_cf2(const Key& a, const Key& b, std::string_view pepper_a, std::string_view pepper_b);

// Bytes that nobody else gets, in this process or in one forked from it.
void random_bytes(std::span<std::uint8_t> out);
[[nodiscard]] Buffer random_buffer(std::size_t size);
[[nodiscard]] std::uint32_t random_nonce();  // below 2^31, as peers with signed nonces need

}  // namespace stead
