#include "proxy/tickets/session.h"

#include <openssl/sha.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace stead::proxy {

std::string evidence_digest(Bytes ticket) {
  constexpr std::ptrdiff_t kSize = 16;
  std::array<std::uint8_t, SHA256_DIGEST_LENGTH> digest{};
  SHA256(ticket.data(), ticket.size(), digest.data());
  return {digest.begin(), digest.begin() + kSize};
}

}  // namespace stead::proxy
