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
// What a password's proof comes to, and whether it was the wrong one that locks the account out: the caller records
// that (Core::record_lockout).
struct PasswordVerdict {
  LdapResult result;
  bool locks_out = false;
};
// For a proof that is right or wrong, with AD's text for each refusal. A wrong one counts for the lock-out, a right one
// forgives those before it. `account` may be null: there is none.
[[nodiscard]] PasswordVerdict judge_proof(const AccountEntry* account, bool is_right, Time now);
// The same for a simple bind. Blocking: it may derive keys.
[[nodiscard]] PasswordVerdict check_password(const AccountEntry* account, Bytes password, Time now);
// MD4 of the password; empty: the account has keys of other kinds alone. Takes microseconds.
[[nodiscard]] SecretBuffer nt_hash_of(const Account& account);
// Blocking.
[[nodiscard]] bool is_password_of(const Domain& domain, const Account& account, Bytes password);

// The password in a value of unicodePwd: UTF-16LE within quotes. Nothing: another form.
[[nodiscard]] std::optional<std::string> password_of_attribute(Bytes value);

}  // namespace stead::kdc
