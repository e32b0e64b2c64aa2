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
// The result for an account whose password is right. Locked accounts are refused, whatever their password.
[[nodiscard]] LdapResult check_account(const Account& account);
// "80090308: … data 52e": the password is wrong, or there is no such account.
[[nodiscard]] LdapResult wrong_password();
// MD4 of the password; empty: the account has keys of other kinds alone. Takes microseconds.
[[nodiscard]] SecretBuffer nt_hash_of(const Account& account);
// Blocking.
[[nodiscard]] bool is_password_of(const Domain& domain, const Account& account, Bytes password);

// The password in a value of unicodePwd: UTF-16LE within quotes. Nothing: another form.
[[nodiscard]] std::optional<std::string> password_of_attribute(Bytes value);

}  // namespace stead::kdc
