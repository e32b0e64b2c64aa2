#pragma once
// The keys of a forest file that limit sign-ins: a domain's password and lock-out policy, an account's hours, workstations
// and end.
#include "kdc/forest/forest.h"
#include "sspi_shim/base/toml_table.h"

namespace stead::kdc {

// `lockout_threshold` and the like of a [[domain]]; `expires`, `logon_hours` and `workstations` of a [[domain.account]].
void read_policy(TomlTable& in, AccountPolicy& policy);
void read_logon_limits(TomlTable& in, Account& account);

}  // namespace stead::kdc
