#pragma once
// [server]: addresses, certificate, admin port, threads, access log.
#include "proxy/config/config.h"
#include "sspi_shim/base/toml_table.h"

namespace stead::proxy {

void read_server_table(const toml::table& table, FileErrors& errors, Config& out);

}  // namespace stead::proxy
