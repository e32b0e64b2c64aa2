#pragma once
// [[route]]: which requests go where, who may sign in, and with which ticket.
#include "proxy/config/config.h"
#include "sspi_shim/base/toml_table.h"

namespace stead::proxy {

// Appends one route. Needs `out`'s sign-in tables: a route may name only methods that have one.
void read_route_table(const toml::table& table, FileErrors& errors, Config& out);

}  // namespace stead::proxy
