#include "kdc/directory/directory_edits.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "kdc/forest/forest_names.h"

namespace stead::kdc::edits {

void set_password(Account& account, std::string_view password, std::int64_t now) {
  Secret next;
  next.kvno = account.secret.kvno + 1;
  next.password = password;
  account.previous_secret = std::move(account.secret);
  account.secret = std::move(next);
  account.password_last_set = now;
  account.flags &= ~(account_flag::password_expired | account_flag::must_change_password);
}

Checked<void> set_password(Forest& forest, std::string_view realm, std::string_view account, std::string_view password,
                           std::int64_t now) {
  auto* domain = find_domain(forest, realm);
  if (domain == nullptr) return Problem{"no domain " + std::string(realm), {}, {}};
  auto* found = find_account(*domain, account);
  if (found == nullptr) return Problem{"no account " + std::string(account) + " in " + domain->realm, {}, {}};
  set_password(*found, password, now);
  return {};
}

}  // namespace stead::kdc::edits
