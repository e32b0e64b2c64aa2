#include "kdc/directory/domain_guid.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace stead::kdc {

std::array<std::uint8_t, 16> domain_guid(const Domain& domain) {
  std::array<std::uint8_t, 32> digest{};
  const auto sid = encode(domain.sid);
  EVP_Digest(sid.data(), sid.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  std::array<std::uint8_t, 16> guid{};
  std::copy_n(digest.begin(), guid.size(), guid.begin());
  guid[7] = static_cast<std::uint8_t>((guid[7] & 0x0f) | 0x80);  // the high byte of Data3, little-endian
  guid[8] = static_cast<std::uint8_t>((guid[8] & 0x3f) | 0x80);
  return guid;
}

}  // namespace stead::kdc
