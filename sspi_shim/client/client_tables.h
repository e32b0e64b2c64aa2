#pragma once
// The tables [locator], [identity] and [tickets], which `stead` and `stead-proxy` read alike.
#include "sspi_shim/base/toml_table.h"
#include "stead/s4u.h"

namespace stead {

void read_locator_table(const toml::table& locator, FileErrors& errors, LocatorOptions& out);
void read_identity_table(const toml::table& identity, FileErrors& errors, ClientOptions& out);
void read_tickets_table(const toml::table& tickets, FileErrors& errors, ClientOptions& out);

}  // namespace stead
