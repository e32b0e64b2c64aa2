#pragma once
// Changes of a forest's accounts, values in and values out; DirectoryStore makes them permanent.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kdc/forest/forest.h"
#include "sspi_shim/base/problem.h"

namespace stead::kdc::edits {

// The previous secret is kept, and kvno goes up by one. The salt follows the account's present names. `now`: seconds
// since 1970.
void set_password(const Domain& domain, Account& account, std::string_view password, std::int64_t now);
// The same for an account by its name. The problem: no such domain or account.
[[nodiscard]] Checked<void> set_password(Forest& forest, std::string_view realm, std::string_view account,
                                         std::string_view password, std::int64_t now);

// An account that wrong passwords have locked out.
struct LockedOut {
  std::string realm;
  std::uint32_t rid = 0;
  std::int64_t since = 0;  // seconds since 1970
};
// Sets their lockout_time. Accounts that are gone are passed over.
void lock_out(Forest& forest, const std::vector<LockedOut>& locked);

}  // namespace stead::kdc::edits
