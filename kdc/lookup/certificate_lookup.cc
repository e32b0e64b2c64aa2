#include "kdc/lookup/certificate_lookup.h"

#include <algorithm>
#include <string>

#include "kdc/directory/certificate_mapping.h"
#include "kdc/lookup/client_lookup.h"
#include "kdc/lookup/trust_path.h"
#include "sspi_shim/base/text.h"
#include "sspi_shim/protocol/security/certificate_names.h"

namespace stead::kdc {
namespace {

using Outcome = CertificateLookup::Outcome;

// By the certificate itself, or by a mapping that no other certificate can have.
bool is_strongly_mapped(const Account& account, Bytes der) {
  const auto is_this = [&](const Buffer& own) { return std::ranges::equal(own, der); };
  if (std::ranges::any_of(account.certificates, is_this)) return true;
  const auto names = mapping_names(der);
  return std::ranges::any_of(account.alt_security_identities, [&](const std::string& mapping) {
    return is_strong_mapping(mapping) && std::ranges::find(names, canonical_mapping(mapping)) != names.end();
  });
}

CertificateLookup fault(Outcome outcome) {
  return {.outcome = outcome, .account = nullptr, .other_realm = {}};
}
CertificateLookup found(const AccountEntry& account) {
  return {.outcome = Outcome::found, .account = &account, .other_realm = {}};
}
CertificateLookup in_realm(const std::string& realm) {
  return {.outcome = Outcome::other_realm, .account = nullptr, .other_realm = realm};
}

CertificateLookup lookup_of(const DomainView& view, const AccountEntry& account) {
  if (account.domain == &view.domain) return found(account);
  if (!is_same_forest(*account.domain, view.domain)) return {};
  return in_realm(account.domain->domain->realm);
}

}  // namespace

CertificateLookup find_client_by_certificate(const DomainView& view, Bytes der) {
  const auto names = names_in_certificate(der);
  if (!names) return {};
  const auto here = view.snapshot.by_certificate(view.domain, der);
  if (here.size() > 1) return fault(Outcome::several_accounts);
  if (here.size() == 1) {
    const AccountEntry& mapped = *here.front();
    if (names->sid && *names->sid != mapped.sid && !is_strongly_mapped(*mapped.account, der))
      return fault(Outcome::sid_mismatch);
    const bool is_bound = names->sid || is_strongly_mapped(*mapped.account, der);
    return is_bound ? found(mapped) : fault(Outcome::weakly_mapped);
  }
  for (const Domain& domain : view.snapshot.forest().domains) {
    const DomainEntry* entry = view.snapshot.domain(domain.realm);
    if (!entry || entry == &view.domain || domain.forest != view.domain.domain->forest) continue;
    if (view.snapshot.by_certificate(*entry, der).size() == 1) return in_realm(domain.realm);
  }
  if (names->sid) {
    const AccountEntry* by_sid = view.snapshot.by_sid(*names->sid);
    const AccountEntry* named = names->upn.empty() ? nullptr : view.snapshot.by_upn(view.domain, names->upn);
    if (named && named != by_sid) return fault(Outcome::sid_mismatch);
    return by_sid ? lookup_of(view, *by_sid) : CertificateLookup{};
  }
  if (names->upn.empty()) return {};
  const ClientLookup named = find_client(view, enterprise_name(names->upn));
  return named.account || !named.other_realm.empty() ? fault(Outcome::weakly_mapped) : CertificateLookup{};
}

bool is_certificate_of(const DomainView& view, const AccountEntry& account, Bytes der) {
  const auto names = names_in_certificate(der);
  if (!names) return false;
  const auto mapped = view.snapshot.by_certificate(*account.domain, der);
  const bool is_mapped = std::ranges::find(mapped, &account) != mapped.end();
  if (is_mapped && is_strongly_mapped(*account.account, der)) return true;
  if (!names->sid || *names->sid != account.sid) return false;
  const AccountEntry* named = names->upn.empty() ? nullptr : find_client(view, enterprise_name(names->upn)).account;
  return is_mapped || !named || named == &account;
}

}  // namespace stead::kdc
