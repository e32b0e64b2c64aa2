#pragma once
// Reads a trace from JSON and says where it is malformed. to_json() and trace_from_json() are in stead/s4u.h.
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "stead/s4u.h"

namespace stead {

// On failure returns nothing; `what` says why, and `offset` where in the text (0: unknown).
[[nodiscard]] std::optional<Trace> read_trace(std::string_view json, std::size_t& offset, std::string& what);

}  // namespace stead
