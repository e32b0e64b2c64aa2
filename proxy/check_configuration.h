#pragma once
// stead-proxy --check: reads what the proxy would read at its start, beside a proxy that runs.
#include "proxy/config/config.h"
#include "sspi_shim/base/problem.h"

namespace stead::proxy {

// Opens keytab, certificates, keys, CAs and session keys, and looks whether this machine has the addresses and the folders
// of the logs. Opens no port and makes no file. Warnings go to the log. Blocking.
[[nodiscard]] Checked<void> check_configuration(Config config);

}  // namespace stead::proxy
