#include "sspi_shim/protocol/crypto/enctype_rules.h"

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "sspi_shim/protocol/crypto/key_derivation.h"

namespace stead {

bool is_supported(EncType type) {
  return type == EncType::rc4_hmac || crypto::find_profile(type) != nullptr;
}

bool is_weak(EncType type) {
  return crypto::find_profile(type) == nullptr;
}

std::vector<EncType> directory_enctypes(Rc4 rc4) {
  std::vector<EncType> out(kDirectoryEnctypes.begin(), kDirectoryEnctypes.end());
  if (rc4 == Rc4::refused) std::erase_if(out, is_weak);
  return out;
}

std::vector<EncType> offered_enctypes(Rc4 rc4) {
  std::vector<EncType> out{EncType::aes256_cts_hmac_sha1_96, EncType::aes128_cts_hmac_sha1_96,
                           EncType::aes256_cts_hmac_sha384_192, EncType::aes128_cts_hmac_sha256_128};
  if (rc4 == Rc4::allowed) out.push_back(EncType::rc4_hmac);
  return out;
}

std::uint32_t enctype_bit(EncType type) {
  switch (type) {
    case EncType::aes256_cts_hmac_sha1_96:
      return supported_enctypes::aes256_sha1;
    case EncType::aes128_cts_hmac_sha1_96:
      return supported_enctypes::aes128_sha1;
    case EncType::rc4_hmac:
      return supported_enctypes::rc4_hmac;
    default:
      return 0;
  }
}

EncType first_enctype(std::span<const EncType> types, std::uint32_t bits) {
  const auto found = std::ranges::find_if(types, [&](EncType type) { return (bits & enctype_bit(type)) != 0; });
  return found == types.end() ? EncType::null : *found;
}

}  // namespace stead
