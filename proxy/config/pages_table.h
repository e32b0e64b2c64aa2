#pragma once
// [pages]: the look and the languages of the proxy's own pages.
#include "proxy/config/config.h"
#include "sspi_shim/base/toml_table.h"

namespace stead::proxy {

// Blocking: reads the logo and the folder's files.
void read_pages_table(const toml::table& table, FileErrors& errors, Pages& out);

}  // namespace stead::proxy
