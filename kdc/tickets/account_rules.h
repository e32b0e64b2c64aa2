#pragma once
// What an account may do, and which of its keys are used: by its flags, its domain and the answering DC's level. Pure.
#include <cstdint>
#include <optional>
#include <span>

#include "kdc/tickets/context.h"
#include "kdc/tickets/kdc_result.h"

namespace stead::kdc {

// msDS-SupportedEncryptionTypes as bits of supported_enctypes; the domain's default if the account has none.
[[nodiscard]] std::uint32_t declared_enctypes(const AccountEntry& account);
// The type of the key that encrypts tickets to this account: the strongest that it supports and this DC uses.
// EncType::null: none.
[[nodiscard]] EncType ticket_enctype(const Context& ctx, const AccountEntry& account);
[[nodiscard]] EncType trust_enctype(const Context& ctx, const TrustEntry& trust);
// The first of the client's list that the target supports; EncType::null: none.
[[nodiscard]] EncType session_enctype(const Context& ctx, const AccountEntry& target, std::span<const EncType> offered);
[[nodiscard]] EncType trust_session_enctype(const Context& ctx, const TrustEntry& trust,
                                            std::span<const EncType> offered);
// True if the account has a key of this type with which this DC lets it authenticate.
[[nodiscard]] bool client_may_use(const Context& ctx, const AccountEntry& account, EncType type);
// PA-SUPPORTED-ENCTYPES of a reply.
[[nodiscard]] std::uint32_t advertised_enctypes(const Context& ctx, const AccountEntry& target);

// By an administrator, or by wrong passwords.
[[nodiscard]] bool is_locked_out(const AccountEntry& account, Time now);
// Disabled, locked out, expired, outside its logon hours: CLIENT_REVOKED with the NTSTATUS. A DC checks this before
// preauthentication.
[[nodiscard]] std::optional<Rejection> revoked(const AccountEntry& account, Time now);
// Password expired or to be changed: KEY_EXPIRED with the NTSTATUS. A DC checks this after preauthentication.
[[nodiscard]] std::optional<Rejection> key_expired(const AccountEntry& account, Time now);

// An account that may use certain workstations only: POLICY, unless an address of type NetBIOS (20) names one of them.
[[nodiscard]] std::optional<Rejection> wrong_workstation(const AccountEntry& account,
                                                         const std::vector<HostAddress>& addresses);
// An account that must use a smart card has proved a password: POLICY.
[[nodiscard]] std::optional<Rejection> password_refused(const AccountEntry& account);

[[nodiscard]] bool is_protected_user(const AccountEntry& account);
// True for a sensitive account and, if the DC's level has Protected Users, for a member: no ticket issued in its name
// is forwardable.
[[nodiscard]] bool may_not_be_delegated(const Context& ctx, const AccountEntry& account);
// Service tickets need a service principal name. Computers have implicit ones (HOST/…).
[[nodiscard]] bool has_spn(const AccountEntry& account);
// True if a DC of this domain writes PACs without ticket signatures, so that tickets without them must be accepted.
[[nodiscard]] bool has_dc_without_ticket_signatures(const DomainEntry& domain);

}  // namespace stead::kdc
