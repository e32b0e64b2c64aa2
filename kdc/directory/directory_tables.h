#pragma once
// The forest as rows of the directory's database. Attributes have AD's names where AD has them.
#include "kdc/forest/forest.h"
#include "sspi_shim/base/problem.h"

struct sqlite3;

namespace stead::kdc {

// False: sqlite3_errmsg says why.
[[nodiscard]] bool create_tables(sqlite3* database);
// Reads everything. The controllers are those of `controllers` (the forest file's), paused as an administrator has
// paused or resumed them. The problem names the row that cannot be read.
[[nodiscard]] Checked<Forest> read_forest(sqlite3* database, const Forest& controllers);
// Writes what differs; with an empty `before` everything but the controllers. False: sqlite3_errmsg says why.
[[nodiscard]] bool write_changes(sqlite3* database, const Forest& before, const Forest& after);

}  // namespace stead::kdc
