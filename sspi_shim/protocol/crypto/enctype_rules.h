#pragma once
// Which encryption types are used, in which order, and how a directory names them (msDS-SupportedEncryptionTypes).
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "sspi_shim/protocol/types/numbers.h"

namespace stead {

[[nodiscard]] bool is_supported(EncType type);
// RC4, and every type that is not supported: its use needs an administrator's consent.
[[nodiscard]] bool is_weak(EncType type);

enum class Rc4 { refused, allowed };

// The types that Active Directory has keys of, strongest first.
inline constexpr std::array kDirectoryEnctypes = {EncType::aes256_cts_hmac_sha1_96, EncType::aes128_cts_hmac_sha1_96,
                                                  EncType::rc4_hmac};
[[nodiscard]] std::vector<EncType> directory_enctypes(Rc4 rc4);
// What a client offers to a KDC, in the order of preference: also those of RFC 8009, which KDCs other than Active
// Directory's have.
[[nodiscard]] std::vector<EncType> offered_enctypes(Rc4 rc4);

// Bits of supported_enctypes (MS-KILE §2.2.7) that stand for a key's type.
inline constexpr std::uint32_t kAesEnctypeBits = supported_enctypes::aes128_sha1 | supported_enctypes::aes256_sha1;
inline constexpr std::uint32_t kKeyEnctypeBits = kAesEnctypeBits | supported_enctypes::rc4_hmac;
[[nodiscard]] std::uint32_t enctype_bit(EncType type);  // 0 for a type without a bit
// The first of `types` whose bit is set; EncType::null if there is none.
[[nodiscard]] EncType first_enctype(std::span<const EncType> types, std::uint32_t bits);

}  // namespace stead
