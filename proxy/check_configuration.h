#pragma once
// stead-proxy --check: reads what the proxy would read at its start, beside a proxy that runs.
#include <string>
#include <vector>

#include "proxy/config/config.h"
#include "sspi_shim/base/problem.h"

namespace stead::proxy {

// Opens keytab, certificates, keys, CAs and session keys, and looks whether this machine has the addresses and the folders
// of the logs. Opens no port and makes no file. Gives a line for each certificate and each revocation list that clients or
// the proxy itself refuse by now: "FILE: why". Blocking.
[[nodiscard]] Checked<std::vector<std::string>> check_configuration(Config config);

}  // namespace stead::proxy
