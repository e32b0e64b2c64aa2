#include "kdc/ldap/password_check.h"

#include <string_view>

#include "kdc/forest/account_salt.h"
#include "kdc/ldap/entries/ldap_name.h"
#include "kdc/tickets/account_rules.h"
#include "sspi_shim/base/text.h"
#include "sspi_shim/base/unicode.h"

namespace stead::kdc {
namespace {

LdapResult refused(std::string_view data) {
  return {LdapCode::invalid_credentials,
          "80090308: LdapErr: comment: AcceptSecurityContext error, data " + std::string(data)};
}

constexpr std::string_view kWrongPassword = "52e", kLockedOut = "775";

// The Win32 error that AD's text has.
std::string_view data_of(NtStatus status) {
  switch (status) {
    case NtStatus::STATUS_ACCOUNT_DISABLED:
      return "533";
    case NtStatus::STATUS_ACCOUNT_LOCKED_OUT:
      return kLockedOut;
    case NtStatus::STATUS_ACCOUNT_EXPIRED:
      return "701";
    case NtStatus::STATUS_INVALID_LOGON_HOURS:
      return "530";
    case NtStatus::STATUS_PASSWORD_MUST_CHANGE:
      return "773";
    case NtStatus::STATUS_PASSWORD_EXPIRED:
      return "532";
    default:
      return "52f";  // a restriction of the account
  }
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

PasswordVerdict judge_proof(const AccountEntry* account, bool is_right, Time now) {
  if (account == nullptr) return {refused(kWrongPassword)};
  if (is_locked_out(*account, now)) return {refused(kLockedOut)};
  const AccountPolicy& policy = account->domain->domain->policy;
  if (!is_right) return {refused(kWrongPassword), account->failures && account->failures->add(policy, now)};
  for (const auto& refusal : {revoked(*account, now), key_expired(*account, now), password_refused(*account)})
    if (refusal) return {refused(data_of(refusal->status.value_or(NtStatus::STATUS_LOGON_FAILURE)))};
  if (account->failures && !account->failures->forgive(policy, now)) return {refused(kLockedOut)};
  return {};
}

PasswordVerdict check_password(const AccountEntry* account, Bytes password, Time now) {
  const bool is_right = account != nullptr && !is_locked_out(*account, now) &&
                        is_password_of(*account->domain->domain, *account->account, password);
  return judge_proof(account, is_right, now);
}

std::optional<std::string> password_of_attribute(Bytes value) {
  if (value.size() % 2 != 0) return std::nullopt;
  const std::string text = from_utf16le(value);
  if (text.size() < 3 || text.front() != '"' || text.back() != '"') return std::nullopt;
  return text.substr(1, text.size() - 2);
}

}  // namespace stead::kdc
