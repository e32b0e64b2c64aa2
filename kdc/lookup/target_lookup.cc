#include "kdc/lookup/target_lookup.h"

#include <cstddef>
#include <string>
#include <string_view>

#include "kdc/lookup/name_suffix.h"
#include "kdc/lookup/service_name.h"

namespace stead::kdc {
namespace {

Target here(const AccountEntry* account) {
  return {.place = Target::Place::here, .account = account};
}
Target elsewhere(const DomainEntry* domain) {
  return {.place = Target::Place::elsewhere, .destination = domain};
}

Target find_krbtgt(const DomainView& view, std::string_view realm) {
  const DomainEntry* domain = view.snapshot.domain(realm);
  if (!domain) return {.is_krbtgt_name = true};
  Target found = domain == &view.domain ? Target{.place = Target::Place::own_krbtgt, .account = view.domain.krbtgt}
                                        : elsewhere(domain);
  found.is_krbtgt_name = true;
  return found;
}

using AccountSearch = const AccountEntry* (Snapshot::*)(const DomainEntry&, std::string_view) const;

// Another domain of the forest in which `search` finds the SPN.
const DomainEntry* in_global_catalog(const DomainView& view, std::string_view spn, AccountSearch search) {
  for (const Domain& domain : view.snapshot.forest().domains) {
    if (domain.forest != view.domain.domain->forest) continue;
    const DomainEntry* entry = view.snapshot.domain(domain.realm);
    if (entry && entry != &view.domain && (view.snapshot.*search)(*entry, spn)) return entry;
  }
  return nullptr;
}

// For an SPN that no account of this domain has.
Target find_further(const DomainView& view, std::string_view spn, std::string_view host) {
  if (const DomainEntry* domain = in_global_catalog(view, spn, &Snapshot::by_spn)) return elsewhere(domain);
  if (const AccountEntry* alias = view.snapshot.by_host_alias(view.domain, spn)) return here(alias);
  if (const DomainEntry* domain = in_global_catalog(view, spn, &Snapshot::by_host_alias)) return elsewhere(domain);
  if (!host.empty())
    if (const TrustEntry* trust = trust_by_suffix(view, host, TrustUse::outward)) return elsewhere(trust->partner);
  return {};
}

Target find_enterprise(const DomainView& view, const std::string& name) {
  const std::size_t at = name.rfind('@');
  const std::string service = name.substr(0, at);
  if (at != std::string::npos) {
    const DomainEntry* domain = view.snapshot.domain(std::string_view(name).substr(at + 1));
    if (domain && domain != &view.domain) return elsewhere(domain);
  }
  if (const AccountEntry* found = find_local_service(view.snapshot, view.domain, service)) return here(found);
  if (const AccountEntry* found = view.snapshot.by_upn(view.domain, name))
    return found->domain == &view.domain ? here(found) : elsewhere(found->domain);
  if (service.find('/') == std::string::npos) return {};
  return find_further(view, service, host_of(std::string_view(service)));
}

// The SPN SERVICE/HOST/DOMAIN of the own domain names one of its DCs.
bool names_a_controller(const DomainView& view, const PrincipalName& sname) {
  return sname.components.size() == 3 && view.snapshot.domain(sname.components[2]) == &view.domain;
}

Target find_service(const DomainView& view, const PrincipalName& sname, const std::string& name) {
  if (sname.type == NameType::enterprise) return find_enterprise(view, name);
  if (const AccountEntry* found = view.snapshot.by_spn(view.domain, name)) return here(found);
  if (sname.components.size() == 1) {
    if (const AccountEntry* found = view.snapshot.account(view.domain, name)) return here(found);
    if (const AccountEntry* found = view.snapshot.by_upn(view.domain, name); found && found->domain == &view.domain)
      return here(found);
    return {};
  }
  return find_further(view, name, host_of(sname));
}

}  // namespace

Target find_target(const DomainView& view, const PrincipalName& sname) {
  if (sname.components.empty()) return {};
  if (is_krbtgt(sname) && sname.components.size() == 2) return find_krbtgt(view, sname.components[1]);
  const std::string name = joined(sname);
  if (is_changepw(name)) return here(view.domain.krbtgt);
  Target found = find_service(view, sname, name);
  if (found.place != Target::Place::here) return found;
  // krbtgt by its account name or its UPN: that ticket is a TGT, whatever it is called.
  if (found.account == view.domain.krbtgt) return {Target::Place::own_krbtgt, found.account, nullptr, true};
  if (names_a_controller(view, sname) && !found.account->is_controller) return {};
  return found;
}

}  // namespace stead::kdc
