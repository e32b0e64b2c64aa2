#pragma once
// stead-proxy --print-config: the configuration as it is in effect, as one TOML file: included files joined, defaults
// filled in, paths absolute. What is read from other files stays there: passwords, keys, texts and logos of pages. Values of
// set_request_headers are left out, since they may be secrets.
#include <string>

#include "proxy/config/config.h"

namespace stead::proxy {

[[nodiscard]] std::string print_config(const Config& config);

}  // namespace stead::proxy
