#include "kdc/tickets/account_rules.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "kdc/directory/password_policy.h"
#include "kdc/forest/logon_hours.h"
#include "kdc/forest/name_case.h"
#include "sspi_shim/protocol/crypto/enctype_rules.h"

namespace stead::kdc {
namespace {

using namespace supported_enctypes;

constexpr NtStatus kSmartcardLogonRequired{0xC00002FA};  // STATUS_SMARTCARD_LOGON_REQUIRED
constexpr std::uint32_t kEveryKey = 0x1f;                // with DES, as DCs say it

std::uint32_t usable(const Context& ctx) {
  return (ctx.level.aes ? kAesEnctypeBits : 0) | (ctx.domain.domain->allow_rc4 ? rc4_hmac : 0);
}

bool has_rc4_only_dc(const DomainEntry& domain) {
  return std::ranges::any_of(domain.domain->controllers, [](const Controller& dc) { return !traits(dc.level).aes; });
}

bool is_krbtgt_account(const AccountEntry& account) {
  return account.domain->krbtgt == &account;
}

EncType strongest(std::uint32_t bits, const Keys* keys) {
  for (const EncType type : kDirectoryEnctypes)
    if ((bits & enctype_bit(type)) && (!keys || keys->can_have(type))) return type;
  return EncType::null;
}

// The types that every DC of both domains can read.
std::uint32_t trust_bits(const TrustEntry& trust) {
  return has_rc4_only_dc(*trust.self) || has_rc4_only_dc(*trust.partner) ? rc4_hmac : kKeyEnctypeBits;
}

}  // namespace

std::uint32_t declared_enctypes(const AccountEntry& account) {
  const std::uint32_t fallback = kAesEnctypeBits | (account.domain->domain->allow_rc4 ? rc4_hmac : 0);
  // 0 means "not set". A value without any cipher allows none.
  const std::uint32_t declared = account.account->supported_encryption_types.value_or(0);
  // A DC has every key, whatever its account says.
  if (account.is_controller) return declared | kEveryKey;
  return declared == 0 ? fallback : declared;
}

EncType ticket_enctype(const Context& ctx, const AccountEntry& account) {
  // Every DC of the domain must be able to read a TGT, also the oldest.
  const std::uint32_t readable =
      is_krbtgt_account(account) && has_rc4_only_dc(*account.domain) ? rc4_hmac : kKeyEnctypeBits;
  const std::uint32_t allowed = usable(ctx) & readable;
  const EncType declared = strongest(declared_enctypes(account) & allowed, account.keys.get());
  if (declared != EncType::null || !(declared_enctypes(account) & kAesEnctypeBits)) return declared;
  // An account whose password was set before the domain knew AES has an RC4 key alone, whatever it declares.
  return strongest(allowed & rc4_hmac, account.keys.get());
}

EncType trust_enctype(const Context& ctx, const TrustEntry& trust) {
  const std::uint32_t bits = trust_bits(trust);
  return strongest(bits == rc4_hmac ? bits : bits & usable(ctx), trust.outgoing.get());
}

EncType session_enctype(const Context& ctx, const AccountEntry& target, std::span<const EncType> offered) {
  std::uint32_t bits = declared_enctypes(target);
  if (bits & aes256_sha1_sk) bits |= kAesEnctypeBits;
  return first_enctype(offered, bits & usable(ctx));
}

EncType trust_session_enctype(const Context& ctx, const TrustEntry& trust, std::span<const EncType> offered) {
  const bool partner_rc4 = trust.partner->domain->allow_rc4;
  return first_enctype(offered, usable(ctx) & (partner_rc4 ? kKeyEnctypeBits : kAesEnctypeBits));
}

bool client_may_use(const Context& ctx, const AccountEntry& account, EncType type) {
  if (!(enctype_bit(type) & usable(ctx)) || !account.keys->can_have(type)) return false;
  return type != EncType::rc4_hmac || !(ctx.level.protected_users && is_protected_user(account));
}

std::uint32_t advertised_enctypes(const Context& ctx, const AccountEntry& target) {
  return is_krbtgt_account(target) ? kEveryKey : declared_enctypes(target) & ~(ctx.level.aes ? 0u : kAesEnctypeBits);
}

bool is_locked_out(const AccountEntry& account, Time now) {
  const AccountPolicy& policy = account.domain->domain->policy;
  return account.account->has(account_flag::locked_out) ||
         is_lockout_in_force(policy, account.account->rare->lockout_time, now) ||
         (account.failures && account.failures->is_locked(policy, now));
}

std::optional<Rejection> revoked(const AccountEntry& account, Time now) {
  const auto because = [](NtStatus status, const char* why) {
    return std::get<Rejection>(refuse(KrbErrc::KDC_ERR_CLIENT_REVOKED, status, why).reason);
  };
  const Account& of = *account.account;
  if (of.has(account_flag::disabled)) return because(NtStatus::STATUS_ACCOUNT_DISABLED, "the account is disabled");
  if (is_locked_out(account, now)) return because(NtStatus::STATUS_ACCOUNT_LOCKED_OUT, "the account is locked out");
  const bool past = of.rare->expires != 0 && of.rare->expires <= now.time_since_epoch().count();
  if (past || of.has(account_flag::account_expired))
    return because(NtStatus::STATUS_ACCOUNT_EXPIRED, "the account has expired");
  if (of.has(account_flag::logon_hours_denied) || (of.rare->logon_hours && !is_within(*of.rare->logon_hours, now)))
    return because(NtStatus::STATUS_INVALID_LOGON_HOURS, "outside the account's logon hours");
  return {};
}

std::optional<Rejection> key_expired(const AccountEntry& account, Time now) {
  const auto because = [](NtStatus status, const char* why) {
    return std::get<Rejection>(refuse(KrbErrc::KDC_ERR_KEY_EXPIRED, status, why).reason);
  };
  if (account.account->has(account_flag::must_change_password))
    return because(NtStatus::STATUS_PASSWORD_MUST_CHANGE, "the password must be changed first");
  const std::optional<Time> end = password_expiry(*account.domain->domain, *account.account);
  if (account.account->has(account_flag::password_expired) || (end && *end <= now))
    return because(NtStatus::STATUS_PASSWORD_EXPIRED, "the password has expired");
  return {};
}

std::optional<Rejection> wrong_workstation(const AccountEntry& account, const std::vector<HostAddress>& addresses) {
  constexpr std::int32_t kNetbios = 20;
  const std::vector<std::string>& allowed = account.account->rare->workstations;
  if (allowed.empty()) return {};
  for (const HostAddress& address : addresses) {
    if (address.type != kNetbios) continue;
    std::string_view name = as_text(address.address);  // padded with blanks to 16
    name = name.substr(0, name.find_last_not_of(' ') + 1);
    if (std::ranges::any_of(allowed, [&](const std::string& one) { return is_same_name(one, name); })) return {};
  }
  return std::get<Rejection>(refuse(KrbErrc::KDC_ERR_POLICY, NtStatus::STATUS_INVALID_WORKSTATION,
                                    "the account may not be used from this workstation")
                                 .reason);
}

std::optional<Rejection> password_refused(const AccountEntry& account) {
  if (!account.account->has(account_flag::smartcard_required)) return {};
  return std::get<Rejection>(
      refuse(KrbErrc::KDC_ERR_POLICY, kSmartcardLogonRequired, "the account needs a smart card").reason);
}

bool is_protected_user(const AccountEntry& account) {
  return account.account->has(account_flag::protected_user) ||
         std::ranges::find(account.global_group_rids, well_known_rid::protected_users) !=
             account.global_group_rids.end();
}

bool may_not_be_delegated(const Context& ctx, const AccountEntry& account) {
  return account.account->has(account_flag::not_delegated) || (ctx.level.protected_users && is_protected_user(account));
}

bool has_spn(const AccountEntry& account) {
  return !account.account->spns.empty() || account.account->is_computer() || is_krbtgt_account(account);
}

bool has_dc_without_ticket_signatures(const DomainEntry& domain) {
  return std::ranges::any_of(domain.domain->controllers,
                             [](const Controller& dc) { return !traits(dc.level).ticket_signatures; });
}

}  // namespace stead::kdc
