#pragma once
// The tables [locator] and [identity], which `stead` and `stead-proxy` read alike.
#include "sspi_shim/base/toml_table.h"
#include "stead/s4u.h"

namespace stead {

void read_locator_table(const toml::table& locator, FileErrors& errors, LocatorOptions& out);
void read_identity_table(const toml::table& identity, FileErrors& errors, ClientOptions& out);

}  // namespace stead
