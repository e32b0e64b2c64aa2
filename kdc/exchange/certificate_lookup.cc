// The account that a client certificate means.
#include <algorithm>

#include "kdc/directory/certificate_mapping.h"
#include "kdc/exchange/referrals.h"
#include "sspi_shim/protocol/security/certificate_names.h"

namespace stead::kdc {
namespace {

// By the certificate itself, or by a mapping that nobody else's certificate can have.
bool is_strongly_mapped(const Account& account, Bytes der) {
  const auto is_it = [&](const Buffer& own) { return std::ranges::equal(own, der); };
  if (std::ranges::any_of(account.certificates, is_it)) return true;
  const auto names = mapping_names(der);
  return std::ranges::any_of(account.alt_security_identities, [&](const std::string& mapping) {
    return is_strong_mapping(mapping) &&
           std::ranges::any_of(names, [&](const auto& name) { return equal_ignoring_case(name, mapping); });
  });
}

ClientLookup lookup_of(const Context& ctx, const AccountEntry& account) {
  if (account.domain == &ctx.domain) return {.account = &account, .other_realm = {}};
  if (account.domain->domain->forest != ctx.domain.domain->forest) return {};
  return {.account = nullptr, .other_realm = account.domain->domain->realm};
}

ClientLookup mismatch() {
  ClientLookup out;
  out.mismatch = true;
  return out;
}

}  // namespace

ClientLookup find_client_by_certificate(const Context& ctx, Bytes der) {
  const auto names = names_in_certificate(der);
  if (!names) return {};
  const auto here = ctx.snapshot.by_certificate(ctx.domain, der);
  if (here.size() > 1) return {.account = nullptr, .other_realm = {}, .several = true};
  if (here.size() == 1) {
    const AccountEntry& mapped = *here.front();
    if (names->sid && *names->sid != mapped.sid && !is_strongly_mapped(*mapped.account, der)) return mismatch();
    return lookup_of(ctx, mapped);
  }
  for (const Domain& domain : ctx.snapshot.forest().domains) {
    const DomainEntry* entry = ctx.snapshot.domain(domain.realm);
    if (!entry || entry == &ctx.domain || domain.forest != ctx.domain.domain->forest) continue;
    if (ctx.snapshot.by_certificate(*entry, der).size() == 1) return {.account = nullptr, .other_realm = domain.realm};
  }
  if (names->sid) {
    const AccountEntry* bearer = ctx.snapshot.by_sid(*names->sid);
    const AccountEntry* named = names->upn.empty() ? nullptr : ctx.snapshot.by_upn(ctx.domain, names->upn);
    if (named && named != bearer) return mismatch();
    return bearer ? lookup_of(ctx, *bearer) : ClientLookup{};
  }
  return names->upn.empty() ? ClientLookup{} : find_client(ctx, enterprise_name(names->upn));
}

bool is_certificate_of(const Context& ctx, const AccountEntry& account, Bytes der) {
  const auto names = names_in_certificate(der);
  if (!names) return false;
  const auto mapped = ctx.snapshot.by_certificate(*account.domain, der);
  const bool is_mapped = std::ranges::find(mapped, &account) != mapped.end();
  if (is_mapped && is_strongly_mapped(*account.account, der)) return true;
  const AccountEntry* named = names->upn.empty() ? nullptr : find_client(ctx, enterprise_name(names->upn)).account;
  if (names->sid) return *names->sid == account.sid && (is_mapped || !named || named == &account);
  return is_mapped || named == &account;
}

}  // namespace stead::kdc
