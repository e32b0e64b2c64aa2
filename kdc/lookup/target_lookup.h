#pragma once
// Which account a service's name means, or which domain has it.
#include "kdc/lookup/domain_view.h"

namespace stead::kdc {

struct Target {
  enum class Place { here, own_krbtgt, elsewhere, nowhere } place = Place::nowhere;
  const AccountEntry* account = nullptr;     // here, own_krbtgt
  const DomainEntry* destination = nullptr;  // elsewhere: the domain to refer to
  bool is_krbtgt_name = false;               // the name was krbtgt/REALM, or krbtgt alone
};

// Looks for a service in the order of a DC: this domain, the forest's global catalog, HOST/… standing for the service,
// and the names that the forest trusts claim.
[[nodiscard]] Target find_target(const DomainView& view, const PrincipalName& sname);

}  // namespace stead::kdc
