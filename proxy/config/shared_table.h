#pragma once
// [shared]: what the replicas of the proxy share while they run.
#include "proxy/config/config.h"
#include "sspi_shim/base/toml_table.h"

namespace stead::proxy {

// Reads the password's file too: blocking.
void read_shared_table(const toml::table& table, FileErrors& errors, SharedSettings& out);

}  // namespace stead::proxy
