#pragma once
// Which account a client's name means, or which realm to ask instead.
#include <string>

#include "kdc/lookup/domain_view.h"

namespace stead::kdc {

// Both empty: there is no such client.
struct ClientLookup {
  const AccountEntry* account = nullptr;  // of this domain
  std::string other_realm;                // the realm to ask instead
};

// Finds a client by sAMAccountName (a computer also without `$`) or UPN. An SPN names a client only if SPN@REALM is the
// account's UPN. A UPN of another domain of the forest, or with a suffix that a trust names, gives the realm to ask.
[[nodiscard]] ClientLookup find_client(const DomainView& view, const PrincipalName& name);
// The account of this domain that a ticket's cname means, whatever form of its name the client asked with. Null: none.
[[nodiscard]] const AccountEntry* account_of_cname(const DomainView& view, const PrincipalName& cname);

}  // namespace stead::kdc
