#pragma once
// [limits]: sizes, numbers and times.
#include "proxy/config/config.h"
#include "sspi_shim/base/toml_table.h"

namespace stead::proxy {

void read_limits_table(const toml::table& table, FileErrors& errors, Limits& out);

}  // namespace stead::proxy
