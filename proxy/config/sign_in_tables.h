#pragma once
// [sign_in.*] and [session]: how users sign in, and how long that holds.
#include "proxy/config/config.h"
#include "sspi_shim/base/toml_table.h"

namespace stead::proxy {

// Needs `out`'s [server] keys: certificates need TLS.
void read_sign_in_tables(const toml::table& table, FileErrors& errors, Config& out);
void read_session_table(const toml::table& table, FileErrors& errors, Config& out);

}  // namespace stead::proxy
