#pragma once
// What an account may do and which keys serve it, by its switches, its domain and the answering DC's level. Pure.
#include <span>

#include "kdc/tickets/context.h"
#include "kdc/tickets/kdc_result.h"

namespace stead::kdc {

// msDS-SupportedEncryptionTypes as it counts: bits of supported_enctypes, the domain's default where the account has
// none.
[[nodiscard]] std::uint32_t declared_enctypes(const AccountEntry& account);
// The key that encrypts tickets to this account, the strongest of those it supports; EncType::null where this DC has
// none for it.
[[nodiscard]] EncType ticket_enctype(const Context& ctx, const AccountEntry& account);
[[nodiscard]] EncType trust_enctype(const Context& ctx, const TrustEntry& trust);
// The first of the client's list that the target supports; EncType::null: none.
[[nodiscard]] EncType session_enctype(const Context& ctx, const AccountEntry& target, std::span<const EncType> offered);
[[nodiscard]] EncType trust_session_enctype(const Context& ctx, const TrustEntry& trust,
                                            std::span<const EncType> offered);
// True where the account, as a client, has a key of this type that this DC uses.
[[nodiscard]] bool client_may_use(const Context& ctx, const AccountEntry& account, EncType type);
// PA-SUPPORTED-ENCTYPES of a reply.
[[nodiscard]] std::uint32_t advertised_enctypes(const Context& ctx, const AccountEntry& target);

// Disabled, locked out, expired, outside its logon hours: CLIENT_REVOKED with the NTSTATUS. Told before
// preauthentication.
[[nodiscard]] std::optional<Rejection> revoked(const AccountEntry& account);
// Password expired or to be changed: KEY_EXPIRED with the NTSTATUS. Told after preauthentication.
[[nodiscard]] std::optional<Rejection> key_expired(const AccountEntry& account);

[[nodiscard]] bool is_protected_user(const AccountEntry& account);
// A sensitive account, or where this DC knows them a member of Protected Users: nothing issued for it is forwardable.
[[nodiscard]] bool may_not_be_delegated(const Context& ctx, const AccountEntry& account);
// Service tickets need a service principal name; computers have theirs (HOST/…) without it being written down.
[[nodiscard]] bool has_spn(const AccountEntry& account);
// True where a DC of this domain writes PACs without ticket signatures, so that tickets without them are to be taken.
[[nodiscard]] bool has_dc_without_ticket_signatures(const DomainEntry& domain);

}  // namespace stead::kdc
