#pragma once
// The attributes that describe an account and decide nothing: they are kept as written.
#include <string_view>

#include "kdc/forest/forest.h"
#include "kdc/ldap/wire/ldap_reply.h"

namespace stead::kdc {

// `name` in lower case.
[[nodiscard]] bool is_described(std::string_view name);
// Each has one value. Refuses a value that is not UTF-8 or longer than 1024 octets.
[[nodiscard]] LdapResult change_described(Account& account, const Modification& change, bool permissive);

}  // namespace stead::kdc
