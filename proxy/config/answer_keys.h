#pragma once
// The keys of a [[route]] that answer in place of a back end: redirect, answer, preflight.
#include "proxy/config/config.h"
#include "sspi_shim/base/toml_table.h"

namespace stead::proxy {

// Blocking: reads the file of a fixed answer.
void read_answer_keys(TomlTable& table, FileErrors& errors, Route& out);
// What these keys ask of the route's other keys, once all are read.
void check_answer_keys(TomlTable& table, const FileErrors& errors, const Route& route);

}  // namespace stead::proxy
