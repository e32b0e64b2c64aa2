#include "kdc/ldap/password_check.h"

#include <string_view>

#include "kdc/forest/account_salt.h"
#include "kdc/ldap/entries/ldap_name.h"
#include "sspi_shim/base/text.h"
#include "sspi_shim/base/unicode.h"

namespace stead::kdc {
namespace {

LdapResult refused(std::string_view data) {
  return {LdapCode::invalid_credentials,
          "80090308: LdapErr: comment: AcceptSecurityContext error, data " + std::string(data)};
}

const AccountEntry* account_of_name(const Snapshot& snapshot, const LdapName& name) {
  const DomainEntry* domain = snapshot.domain(to_upper(zone_of(name)));
  if (domain == nullptr || name.front().type != "cn") return nullptr;
  for (const char* end : {"", "$"})
    if (const auto found = domain->by_name.find(name.front().value + end); found != domain->by_name.end())
      return found->second;
  return nullptr;
}

}  // namespace

const AccountEntry* account_of_bind_name(const Snapshot& snapshot, const DomainEntry& domain, std::string_view name) {
  if (const auto parsed = parse_ldap_name(name); parsed && !parsed->empty()) return account_of_name(snapshot, *parsed);
  if (const auto backslash = name.find('\\'); backslash != name.npos) {
    const DomainEntry* of = snapshot.domain(name.substr(0, backslash));
    return of == nullptr ? nullptr : snapshot.account(*of, name.substr(backslash + 1));
  }
  if (const auto* found = snapshot.by_upn(domain, name)) return found;
  return name.find('@') == name.npos ? snapshot.account(domain, name) : nullptr;
}

bool is_password_of(const Domain& domain, const Account& account, Bytes password) {
  const Secret& secret = account.secret;
  if (!secret.password.empty()) return equal_in_constant_time(as_bytes(secret.password), password);
  if (secret.keys.empty()) return false;
  const EncryptionKey& given = secret.keys.front();
  const auto made = Key::from_password(given.type, as_text(password), salt_of(domain, account));
  return made && equal_in_constant_time(made->to_encryption_key().value, given.value);
}

LdapResult wrong_password() {
  return refused("52e");
}

SecretBuffer nt_hash_of(const Account& account) {
  const Secret& secret = account.secret;
  if (!secret.password.empty()) {
    const auto made = Key::from_password(EncType::rc4_hmac, secret.password, "");
    return made ? to_secret(made->value()) : SecretBuffer{};
  }
  for (const EncryptionKey& key : secret.keys)
    if (key.type == EncType::rc4_hmac) return key.value;
  return {};
}

LdapResult check_password(const AccountEntry* entry, Bytes password) {
  if (entry == nullptr) return wrong_password();
  const Account& account = *entry->account;
  if (account.has(account_flag::locked_out)) return check_account(account);
  if (!is_password_of(*entry->domain->domain, account, password)) return wrong_password();
  return check_account(account);
}

LdapResult check_account(const Account& account) {
  if (account.has(account_flag::locked_out)) return refused("775");
  if (account.has(account_flag::disabled)) return refused("533");
  if (account.has(account_flag::account_expired)) return refused("701");
  if (account.has(account_flag::logon_hours_denied)) return refused("530");
  if (account.has(account_flag::must_change_password)) return refused("773");
  if (account.has(account_flag::password_expired)) return refused("532");
  return {};
}

std::optional<std::string> password_of_attribute(Bytes value) {
  if (value.size() % 2 != 0) return std::nullopt;
  const std::string text = from_utf16le(value);
  if (text.size() < 3 || text.front() != '"' || text.back() != '"') return std::nullopt;
  return text.substr(1, text.size() - 2);
}

}  // namespace stead::kdc
