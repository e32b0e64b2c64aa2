#pragma once
// `stead-kdc ctl`: shows and sets the faults of the DCs, while a KDC serves the same state folder.
#include <string>
#include <vector>

#include "kdc/commands/directory_commands.h"

namespace stead::kdc {

// `words`: none to show every DC's faults; or a DC's name, and its faults to set them (faults.h).
[[nodiscard]] CommandResult run_control_command(DirectoryStore& store, const std::vector<std::string>& words);

}  // namespace stead::kdc
