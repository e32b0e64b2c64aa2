#pragma once
// Encryption, checksums and the pseudo-random function of RFC 3961/3962 (AES-SHA1), RFC 8009 (AES-SHA2) and RFC 4757
// (RC4).
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "sspi_shim/protocol/crypto/key.h"
#include "sspi_shim/protocol/types/types.h"

namespace stead {

// Confounder, plaintext and integrity tag, as the encryption type lays them out. decrypt fails with WireErrc::integrity
// alone, whatever is wrong.
[[nodiscard]] Buffer encrypt(const Key& key, KeyUsage usage, Bytes plain);
[[nodiscard]] Result<SecretBuffer> decrypt(const Key& key, KeyUsage usage, Bytes cipher);
// The same around EncryptedData; decrypt fails with wrong_key_type if the etypes differ.
[[nodiscard]] EncryptedData encrypt_data(const Key& key, KeyUsage usage, Bytes plain,
                                         std::optional<std::uint32_t> kvno = {});
[[nodiscard]] Result<SecretBuffer> decrypt_data(const Key& key, KeyUsage usage, const EncryptedData& data);

// The checksum type that goes with an encryption type (RFC 3961's required checksum).
[[nodiscard]] ChecksumType required_checksum(EncType type);
[[nodiscard]] std::size_t checksum_size(ChecksumType type);  // 0: not supported
[[nodiscard]] bool is_keyed(ChecksumType type);
// Makes a checksum of the key's required type, or of hmac_md5, which works with a key of any type (PA-FOR-USER, PAC).
[[nodiscard]] Checksum make_checksum(const Key& key, KeyUsage usage, Bytes data);
[[nodiscard]] Result<Checksum> make_checksum(ChecksumType type, const Key& key, KeyUsage usage, Bytes data);
// Verifies in constant time. Fails with wrong_key_type for a checksum type that does not go with the key, and for every
// unkeyed type.
[[nodiscard]] Result<void> verify_checksum(const Checksum& checksum, const Key& key, KeyUsage usage, Bytes data);
[[nodiscard]] Buffer unkeyed_checksum(ChecksumType type, Bytes data);  // rsa_md4 (RC4's PA-S4U-X509-USER) and rsa_md5

// RFC 6113 §5.1 KRB-FX-CF2, and RFC 3961 PRF.
[[nodiscard]] Result<Buffer> prf(const Key& key, Bytes input);
[[nodiscard]] Result<Key> fx_cf2(const Key& a, const Key& b, std::string_view pepper_a, std::string_view pepper_b);

}  // namespace stead
