#include "kdc/lookup/client_lookup.h"

#include <cstddef>
#include <string>
#include <string_view>

#include "kdc/lookup/name_suffix.h"
#include "kdc/lookup/service_name.h"
#include "kdc/lookup/trust_path.h"

namespace stead::kdc {

ClientLookup find_client(const DomainView& view, const PrincipalName& name) {
  const std::string text = joined(name);
  if (text.empty()) return {};
  if (name.type != NameType::enterprise) {
    const AccountEntry* found = name.components.size() == 1 ? view.snapshot.account(view.domain, text) : nullptr;
    // A name with neither is also tried as the UPN name@REALM, which `ktpass` gives an account for its SPN.
    if (!found && text.find('@') == std::string::npos)
      found = view.snapshot.by_upn(view.domain, text + '@' + view.domain.domain->realm);
    if (found && found->domain == &view.domain) return {.account = found, .other_realm = {}};
  }
  if (const AccountEntry* found = view.snapshot.by_upn(view.domain, text)) {
    if (found->domain == &view.domain) return {.account = found, .other_realm = {}};
    return {.account = nullptr, .other_realm = found->domain->domain->realm};
  }
  const std::size_t at = text.rfind('@');
  if (at == std::string::npos) {
    // An enterprise name without a suffix is of this domain.
    return {.account = name.type == NameType::enterprise ? view.snapshot.account(view.domain, text) : nullptr,
            .other_realm = {}};
  }
  const std::string_view suffix = std::string_view(text).substr(at + 1);
  if (const DomainEntry* domain = view.snapshot.domain(suffix); domain && is_same_forest(*domain, view.domain))
    return {};
  if (const TrustEntry* trust = trust_by_suffix(view, suffix, TrustUse::any))
    return {.account = nullptr, .other_realm = trust->partner->domain->realm};
  return {};
}

const AccountEntry* account_of_cname(const DomainView& view, const PrincipalName& cname) {
  return find_client(view, cname).account;
}

}  // namespace stead::kdc
