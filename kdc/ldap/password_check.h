#pragma once
// Passwords that clients send in the clear within TLS, or in an attribute.
#include <optional>
#include <string>

#include "kdc/directory/snapshot.h"
#include "kdc/ldap/wire/ldap_reply.h"

namespace stead::kdc {

// The account that a simple bind names: by its DN, NETBIOS\name, UPN, or name@REALM. Null: none.
[[nodiscard]] const AccountEntry* account_of_bind_name(const Snapshot& snapshot, const DomainEntry& domain,
                                                       std::string_view name);
// The result of a simple bind, with AD's text for each refusal. Blocking: it may derive keys. `account` may be null.
[[nodiscard]] LdapResult check_password(const AccountEntry* account, Bytes password);
// Blocking.
[[nodiscard]] bool is_password_of(const Domain& domain, const Account& account, Bytes password);

// The password in a value of unicodePwd: UTF-16LE within quotes. Nothing: another form.
[[nodiscard]] std::optional<std::string> password_of_attribute(Bytes value);

}  // namespace stead::kdc
