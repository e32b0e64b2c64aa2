#pragma once
// [limits]: sizes, numbers and times.
#include "proxy/config/config.h"
#include "proxy/config/values/toml_writer.h"
#include "sspi_shim/base/toml_table.h"

namespace stead::proxy {

void print_limits(TomlWriter& out, const Limits& limits);
void read_limits_table(const toml::table& table, FileErrors& errors, Limits& out);

}  // namespace stead::proxy
