#pragma once
// Who a connection is bound as, and the rule of what they may change.
#include <cstdint>
#include <string>
#include <vector>

#include "kdc/directory/snapshot.h"

namespace stead::kdc {

struct LdapCaller {
  std::string name;  // "alice@ROOT.FABRIKAM.COM", for the log; empty: anonymous
  Sid sid;
  std::vector<Sid> groups;  // of the ticket's PAC, or of the account
  [[nodiscard]] bool is_anonymous() const { return name.empty(); }
  [[nodiscard]] bool has(const Sid& group) const;
};

// Of an account that gave its password, or whose ticket has no PAC.
[[nodiscard]] LdapCaller caller_of(const Snapshot& snapshot, const AccountEntry& account);

// Domain Admins of the domain, Enterprise Admins of the forest, the domain's Administrator, BUILTIN\Administrators.
[[nodiscard]] bool is_administrator(const LdapCaller& caller, const Forest& forest, const Domain& domain);

}  // namespace stead::kdc
