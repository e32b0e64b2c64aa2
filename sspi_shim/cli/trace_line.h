#pragma once
// One step of a trace as `stead s4u --trace` prints it.
#include <string>

#include "stead/s4u.h"

namespace stead::cli {

// A line for a file or a pipe, of any length.
[[nodiscard]] std::string plain_line(const TraceStep& step);
// Lines of at most 100 columns for a terminal, in colour: green for a ticket or a referral, red for a refusal. Control
// characters of the names are left out.
[[nodiscard]] std::string terminal_lines(const TraceStep& step);

}  // namespace stead::cli
