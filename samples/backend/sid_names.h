#pragma once
// Names of the SIDs that every domain has. Other groups have their names in the directory only: a PAC carries numbers.
#include <string>

#include "sspi_shim/protocol/pac/pac_logon_info.h"

namespace stead::sample {

// "Authentication authority asserted identity", "ROOT\Domain Users"; empty: not known here. `logon`: whose domain's
// groups have its name in front of theirs; may be null.
[[nodiscard]] std::string name_of(const Sid& sid, const PacLogonInfo* logon);

}  // namespace stead::sample
