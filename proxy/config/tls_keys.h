#pragma once
// The keys of [server] about TLS towards clients.
#include "proxy/config/config.h"
#include "sspi_shim/base/toml_table.h"

namespace stead::proxy {

// certificate, key, ocsp, certificates and tls: of [server], or of one address in `listen`. Keys that `table` does not have
// leave `out` as it is.
void read_tls_settings(TomlTable& table, FileErrors& errors, TlsSettings& out);

// ticket_key_file and hsts.
void read_tls_keys(TomlTable& server, FileErrors& errors, Config& out);

}  // namespace stead::proxy
