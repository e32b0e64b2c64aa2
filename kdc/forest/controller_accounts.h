#pragma once
// The computer accounts of domain controllers. A forest file seldom names them; a DC has one all the same, for clients
// that want a ticket to its LDAP server.
#include <string>

#include "kdc/forest/forest.h"

namespace stead::kdc {

// "DC12$" for dc12.root.example.
[[nodiscard]] std::string controller_account_name(const Controller& controller);

// Makes the account of each controller that has none, with random keys, RIDs from 1000 on and membership of Domain
// Controllers, and gives each the SPNs HOST/NAME and ldap/NAME unless an account of the domain has them. Returns true if
// the domain has changed. Its time is linear in the number of accounts.
bool add_controller_accounts(Domain& domain);

}  // namespace stead::kdc
