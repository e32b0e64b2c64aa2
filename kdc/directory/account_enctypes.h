#pragma once
// Which encryption types an account's tickets may have, from its directory entry alone. What the answering DC's level
// adds to this is in exchange/account_rules.h.
#include <cstdint>
#include <vector>

#include "kdc/directory/snapshot.h"

namespace stead::kdc {

// msDS-SupportedEncryptionTypes (MS-KILE §2.2.7) as it applies: all types where the account has none, RC4 only where
// the domain allows it.
[[nodiscard]] std::uint32_t supported_encryption_types(const AccountEntry& account);
// The encryption types among these that the account has keys of, strongest first.
[[nodiscard]] std::vector<EncType> ticket_enctypes(const AccountEntry& account);

}  // namespace stead::kdc
