#include "kdc/directory/account_enctypes.h"

#include <cstdint>
#include <vector>

namespace stead::kdc {

std::uint32_t supported_encryption_types(const AccountEntry& account) {
  namespace bit = supported_enctypes;
  const bool rc4 = account.domain->domain->allow_rc4;
  const auto chosen = account.account->supported_encryption_types.value_or(0);
  // 0 is "not set". Without a bit for a cipher (only modifiers) the default ciphers apply as well.
  auto types = chosen;
  if ((types & (bit::rc4_hmac | bit::aes128_sha1 | bit::aes256_sha1)) == 0)
    types |= bit::rc4_hmac | bit::aes128_sha1 | bit::aes256_sha1;
  return rc4 ? types : types & ~bit::rc4_hmac;
}

std::vector<EncType> ticket_enctypes(const AccountEntry& account) {
  namespace bit = supported_enctypes;
  const auto types = supported_encryption_types(account);
  std::vector<EncType> out;
  const auto add = [&](std::uint32_t flag, EncType type) {
    if ((types & flag) != 0 && account.keys->can_have(type)) out.push_back(type);
  };
  add(bit::aes256_sha1, EncType::aes256_cts_hmac_sha1_96);
  add(bit::aes128_sha1, EncType::aes128_cts_hmac_sha1_96);
  add(bit::rc4_hmac, EncType::rc4_hmac);
  return out;
}

}  // namespace stead::kdc
