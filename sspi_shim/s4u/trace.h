#pragma once
// Reading a trace with the place of what is wrong in it; stead/s4u.h has the rest.
#include <optional>
#include <string>
#include <string_view>

#include "stead/s4u.h"

namespace stead {

// On failure `what` says why and `offset` where, as far as that is known.
[[nodiscard]] std::optional<Trace> read_trace(std::string_view json, std::size_t& offset, std::string& what);

}  // namespace stead
