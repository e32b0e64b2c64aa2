#pragma once
// Events that Windows writes where Kerberos or delegation fails: the Security log of a DC and of a server, the System log
// (KDC, KDCSVC, Security-Kerberos, NETLOGON, LsaSrv), and the log of the Entra private network connector.
#include <vector>

#include "sspi_shim/protocol/errors/error_tables.h"

namespace stead::cli {

// The name of an entry is the event's source and title.
[[nodiscard]] const std::vector<CodeEntry>& event_table();

}  // namespace stead::cli
