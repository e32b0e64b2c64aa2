#pragma once
// The forest as rows of the directory's database. Attributes have AD's names where AD has them.
#include <string>

#include "kdc/forest/forest.h"

struct sqlite3;

namespace stead::kdc {

[[nodiscard]] bool create_tables(sqlite3* database);
// Everything; controllers are those of `controllers` (the forest file's), paused where an administrator has paused
// them. A row that makes no sense is named in the fault.
[[nodiscard]] std::string read_forest(sqlite3* database, const Forest& controllers, Forest& forest);
// Writes what differs; an empty `before` writes everything but controllers.
[[nodiscard]] bool write_changes(sqlite3* database, const Forest& before, const Forest& after);

}  // namespace stead::kdc
