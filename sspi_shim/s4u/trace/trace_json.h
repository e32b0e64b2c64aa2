#pragma once
// Reads a trace from JSON and says where it is malformed. to_json() and trace_from_json() are in stead/s4u.h.
#include <string>
#include <string_view>

#include "sspi_shim/base/problem.h"
#include "stead/s4u.h"

namespace stead {

// `file` names the text in the Problem: FILE:LINE:COLUMN, of the place where the text is not JSON, else of its beginning.
[[nodiscard]] Checked<Trace> read_trace(std::string_view json, const std::string& file);

}  // namespace stead
