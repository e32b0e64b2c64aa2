#pragma once
// What a domain demands of a new password, and when a password ends (AD's default domain policy).
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "kdc/forest/forest.h"
#include "sspi_shim/base/bytes.h"

namespace stead::kdc {

// own: by someone who knows the old one; history and minimum age count. reset: by an administrator; length and
// complexity count.
enum class PasswordChange { own, reset };

// Why the account may not get this password; empty: it may. `now`: seconds since 1970.
[[nodiscard]] std::string password_fault(const Domain& domain, const Account& account, std::string_view password,
                                         PasswordChange change, std::int64_t now);

// When the account's password expires; nothing: never. Passwords of computers and passwords that are as old as the
// directory do not expire.
[[nodiscard]] std::optional<std::chrono::sys_seconds> password_expiry(const Domain& domain, const Account& account);

// The NT hash of a secret's password; empty: the secret is keys without an RC4 key.
[[nodiscard]] SecretBuffer nt_hash(const Secret& secret);

// The policy as a DC writes it into a kpasswd reply in place of a text: 30 octets that begin with two zeros.
[[nodiscard]] Buffer kpasswd_policy(const AccountPolicy& policy);

}  // namespace stead::kdc
