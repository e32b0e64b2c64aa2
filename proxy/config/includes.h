#pragma once
// include = ["conf.d/*.toml"]: a configuration of several files, read as if it were one.
#include <optional>
#include <string>
#include <vector>

#include "sspi_shim/base/toml_table.h"

namespace stead::proxy {

// Reads the file of `errors`, and those that its `include` names: paths and patterns of glob(7), in order, those of a
// pattern by name. Tables of one name are joined and [[route]]s are put behind one another; a key that stands in two files
// is an error, as is a path without a pattern that is not there. An included file includes no others. `files`: those that
// were included. On failure there is one error more, at the place in the file where it is. Blocking.
[[nodiscard]] std::optional<toml::table> read_with_includes(FileErrors& errors, std::vector<std::string>& files);

}  // namespace stead::proxy
