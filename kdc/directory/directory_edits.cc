#include "kdc/directory/directory_edits.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kdc/directory/keys.h"
#include "kdc/directory/password_policy.h"
#include "kdc/forest/account_salt.h"
#include "kdc/forest/forest_names.h"

namespace stead::kdc::edits {

namespace {

// The salt changes: what the password gave with the old one is kept as keys.
void fix_keys(Secret& secret, const std::string& salt) {
  if (secret.password.empty()) return;
  const Keys keys(secret, salt);
  secret.password.clear();
  for (const EncType type : {EncType::aes256_cts_hmac_sha1_96, EncType::aes128_cts_hmac_sha1_96, EncType::rc4_hmac}) {
    keys.derive(type);
    if (const Key* key = keys.find(type)) secret.keys.push_back(key->to_encryption_key());
  }
}

// The present password becomes an earlier one.
void keep_history(const AccountPolicy& policy, Account& account) {
  account.rare.edit([&](RareAttributes& rare) {
    rare.older_secret = account.previous_secret;
    if (SecretBuffer hash = nt_hash(account.secret); !hash.empty() && policy.password_history != 0)
      rare.password_history.insert(rare.password_history.begin(), std::move(hash));
    if (rare.password_history.size() > policy.password_history) rare.password_history.resize(policy.password_history);
  });
}

}  // namespace

void set_password(const Domain& domain, Account& account, std::string_view password, std::int64_t now) {
  std::string salt_name = salt_name_of(account);
  if (salt_name != account.salt_name && !account.salt_name.empty()) {
    fix_keys(account.secret, salt_of(domain, account));
    if (account.previous_secret) fix_keys(*account.previous_secret, salt_of(domain, account));
  }
  keep_history(domain.policy, account);
  account.salt_name = std::move(salt_name);
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
  set_password(*domain, *found, password, now);
  return {};
}

void lock_out(Forest& forest, const std::vector<LockedOut>& locked) {
  for (const LockedOut& one : locked) {
    auto* domain = find_domain(forest, one.realm);
    if (domain == nullptr || domain->policy.lockout_threshold == 0) continue;
    for (auto& account : domain->accounts)
      if (account.rid == one.rid) account.rare.edit([&](RareAttributes& rare) { rare.lockout_time = one.since; });
  }
}

}  // namespace stead::kdc::edits
