#pragma once
// The salts of Active Directory's keys (MS-KILE §3.1.1.2).
#include <string>

#include "kdc/forest/forest.h"

namespace stead::kdc {

// What a password that is set now gets as Account::salt_name: of a user with a UPN what stands before its last `@`,
// without `/`, else sAMAccountName.
[[nodiscard]] std::string salt_name_of(const Account& account);
// REALM and the user's salt_name; of a computer REALM, "host", its name and the DNS domain.
[[nodiscard]] std::string salt_of(const Domain& domain, const Account& account);

}  // namespace stead::kdc
