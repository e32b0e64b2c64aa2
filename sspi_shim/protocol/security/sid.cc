#include "sspi_shim/protocol/security/sid.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "sspi_shim/base/hex.h"
#include "sspi_shim/base/text.h"

namespace stead {
namespace {

constexpr std::size_t kMaxSubauthorities = 15;
constexpr std::uint64_t kMaxAuthority = 0xffffffffffff;

}  // namespace

Sid Sid::with_rid(std::uint32_t rid) const {
  Sid out = *this;
  out.subauthorities.push_back(rid);
  return out;
}

Sid Sid::domain() const {
  Sid out = *this;
  if (!out.subauthorities.empty()) out.subauthorities.pop_back();
  return out;
}

std::uint32_t Sid::rid() const {
  return subauthorities.empty() ? 0 : subauthorities.back();
}

bool Sid::is_in(const Sid& domain_sid) const {
  return authority == domain_sid.authority && subauthorities.size() == domain_sid.subauthorities.size() + 1 &&
         std::equal(domain_sid.subauthorities.begin(), domain_sid.subauthorities.end(), subauthorities.begin());
}

std::string to_string(const Sid& sid) {
  std::string out = "S-1-";
  if (sid.authority > 0xffffffff) {  // MS-DTYP §2.4.2.1: hexadecimal from 2^32 on, 12 digits
    std::uint8_t bytes[6];
    for (int i = 0; i < 6; ++i) bytes[i] = std::uint8_t(sid.authority >> (40 - 8 * i));
    out += "0x" + to_hex(bytes);
  } else {
    out += std::to_string(sid.authority);
  }
  for (const std::uint32_t part : sid.subauthorities) out += "-" + std::to_string(part);
  return out;
}

Result<Sid> parse_sid(std::string_view text) {
  if (!text.starts_with("S-1-") && !text.starts_with("s-1-")) return WireErrc::bad_value;
  text.remove_prefix(4);
  Sid out;
  const auto authority = take_number<std::uint64_t>(text, kMaxAuthority);
  if (!authority) return WireErrc::bad_value;
  out.authority = *authority;
  while (!text.empty()) {
    if (text[0] != '-' || out.subauthorities.size() == kMaxSubauthorities) return WireErrc::bad_value;
    text.remove_prefix(1);
    const auto subauthority = take_number<std::uint32_t>(text, 0xffffffff);
    if (!subauthority) return WireErrc::bad_value;
    out.subauthorities.push_back(*subauthority);
  }
  return out;
}

std::size_t encoded_size(const Sid& sid) {
  return 8 + 4 * sid.subauthorities.size();
}

Buffer encode(const Sid& sid) {
  Buffer out(encoded_size(sid));
  out[0] = 1;
  out[1] = std::uint8_t(sid.subauthorities.size());
  for (std::size_t i = 0; i < 6; ++i) out[2 + i] = std::uint8_t(sid.authority >> (40 - 8 * i));
  for (std::size_t i = 0; i < sid.subauthorities.size(); ++i) store_le32(&out[8 + 4 * i], sid.subauthorities[i]);
  return out;
}

Result<Sid> decode_sid_prefix(Bytes bytes, std::size_t& used) {
  if (bytes.size() < 8) return WireErrc::truncated;
  if (bytes[0] != 1) return WireErrc::unsupported;
  const std::size_t count = bytes[1];
  if (count > kMaxSubauthorities) return WireErrc::too_large;
  if (bytes.size() < 8 + 4 * count) return WireErrc::truncated;
  Sid out;
  for (std::size_t i = 0; i < 6; ++i) out.authority = out.authority << 8 | bytes[2 + i];
  out.subauthorities.reserve(count);
  for (std::size_t i = 0; i < count; ++i) out.subauthorities.push_back(load_le32(&bytes[8 + 4 * i]));
  used = 8 + 4 * count;
  return out;
}

Result<Sid> decode_sid(Bytes bytes) {
  std::size_t used = 0;
  auto sid = decode_sid_prefix(bytes, used);
  if (sid && used != bytes.size()) return WireErrc::trailing_bytes;
  return sid;
}

}  // namespace stead
