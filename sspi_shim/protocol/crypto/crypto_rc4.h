#pragma once
// Inside crypto: RC4-HMAC (RFC 4757), HMAC-MD5 and the unkeyed digests, by libk5crypto, which has
// MD4 and RC4.
#include <string_view>

#include "sspi_shim/protocol/types/types.h"

namespace stead::crypto {

[[nodiscard]] Result<SecretBuffer> rc4_string_to_key(std::string_view password);  // MD4 of the password in UTF-16LE
[[nodiscard]] Buffer rc4_encrypt(Bytes key, KeyUsage usage, Bytes plain);
[[nodiscard]] Result<SecretBuffer> rc4_decrypt(Bytes key, KeyUsage usage, Bytes cipher);
[[nodiscard]] Buffer rc4_prf(Bytes key, Bytes input);

// KERB_CHECKSUM_HMAC_MD5 (RFC 4757 §4), keyed by the bytes of a key of any type.
[[nodiscard]] Buffer hmac_md5_checksum(Bytes key, KeyUsage usage, Bytes data);
// rsa_md4 or rsa_md5.
[[nodiscard]] Buffer unkeyed_digest(ChecksumType type, Bytes data);

}  // namespace stead::crypto
