#include "kdc/directory/domain_guid.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace stead::kdc {

namespace {

using GuidBytes = std::array<std::uint8_t, 16>;
constexpr std::size_t kRidAt = 12;

GuidBytes guid_from(Bytes name) {
  std::array<std::uint8_t, 32> digest{};
  EVP_Digest(name.data(), name.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  GuidBytes guid{};
  std::copy_n(digest.begin(), guid.size(), guid.begin());
  guid[7] = static_cast<std::uint8_t>((guid[7] & 0x0f) | 0x80);  // the high byte of Data3, little-endian
  guid[8] = static_cast<std::uint8_t>((guid[8] & 0x3f) | 0x80);
  return guid;
}

}  // namespace

GuidBytes domain_guid(const Domain& domain) {
  return guid_from(encode(domain.sid));
}

GuidBytes principal_guid(const Domain& domain, std::uint32_t rid) {
  // Another name than the domain's own, so that none of these is the domain's.
  Buffer name = encode(domain.sid);
  append(name, as_bytes("principals"));
  GuidBytes guid = guid_from(name);
  store_be32(guid.data() + kRidAt, rid);
  return guid;
}

std::optional<std::uint32_t> rid_of_guid(const Domain& domain, Bytes guid) {
  if (guid.size() != 16) return std::nullopt;
  const std::uint32_t rid = load_be32(guid.data() + kRidAt);
  if (!std::ranges::equal(principal_guid(domain, rid), guid)) return std::nullopt;
  return rid;
}

GuidBytes named_guid(std::string_view name) {
  return guid_from(as_bytes(name));
}

}  // namespace stead::kdc
