#pragma once
// The keys of a [[route]] about its back ends: upstreams, upstream_host, upstream_verify, upstream_ca, balance, health,
// slow_start.
#include "proxy/config/config.h"
#include "sspi_shim/base/toml_table.h"

namespace stead::proxy {

void read_upstream_keys(TomlTable& table, FileErrors& errors, Route& out);
// What these keys ask of the other keys of the route, once all are read.
void check_upstream_keys(TomlTable& table, const FileErrors& errors, const Config& config, const Route& route);

}  // namespace stead::proxy
