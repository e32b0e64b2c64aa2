#include "kdc/lookup/name_suffix.h"

#include <cstddef>
#include <string>
#include <string_view>

#include "sspi_shim/base/text.h"

namespace stead::kdc {
namespace {

// "corp.contoso.com" is a suffix of "www.corp.contoso.com" and of itself, not of "xcorp.contoso.com".
bool has_suffix(std::string_view host, std::string_view suffix) {
  if (host.size() < suffix.size() || !equal_ignoring_case(host.substr(host.size() - suffix.size()), suffix))
    return false;
  return host.size() == suffix.size() || host[host.size() - suffix.size() - 1] == '.';
}

}  // namespace

const TrustEntry* trust_by_suffix(const DomainView& view, std::string_view host, TrustUse use) {
  const TrustEntry* best = nullptr;
  std::size_t best_size = 0;
  const auto consider = [&](const TrustEntry& trust, std::string_view suffix) {
    if (suffix.size() <= best_size || !has_suffix(host, suffix)) return;
    best = &trust;
    best_size = suffix.size();
  };
  for (const Domain& domain : view.snapshot.forest().domains) {
    if (domain.forest != view.domain.domain->forest) continue;
    const DomainEntry* entry = view.snapshot.domain(domain.realm);
    if (!entry) continue;
    for (const TrustEntry& trust : entry->trusts) {
      if (use == TrustUse::outward && !trust.partner_trusts_us) continue;
      if (trust.trust->kind == TrustKind::external && entry == &view.domain)
        consider(trust, trust.partner->domain->realm);
      if (trust.trust->kind != TrustKind::forest) continue;
      for (const Domain& theirs : view.snapshot.forest().domains)
        if (theirs.forest == trust.partner->domain->forest) consider(trust, theirs.realm);
      if (trust.trust->second == trust.partner->domain->realm)
        for (const std::string& suffix : trust.trust->name_suffixes) consider(trust, suffix);
    }
  }
  return best;
}

}  // namespace stead::kdc
