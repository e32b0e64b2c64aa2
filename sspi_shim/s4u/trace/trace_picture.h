#pragma once
// A trace as a sequence picture: front end, each domain controller with its realm and level, back end; what was asked, what
// came back and how long it took. The step at which it broke is red. The picture is narrow enough for a phone, so that the
// names stand in a list above it, and the text of a step above its arrows.
#include <string>

#include "stead/s4u.h"

namespace stead {

// An SVG document of its own. Text of the trace is escaped: a trace may come from anywhere.
[[nodiscard]] std::string to_svg(const Trace& trace);
// An HTML page with the picture, the reason and the commands. It has no script and loads nothing.
[[nodiscard]] std::string to_html(const Trace& trace);

}  // namespace stead
