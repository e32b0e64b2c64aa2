#pragma once
// The forest as rows of the directory's database. Attributes have AD's names where AD has them.
#include <string>

#include "kdc/forest.h"

struct sqlite3;

namespace stead::kdc {

[[nodiscard]] bool create_tables(sqlite3* database);
// Everything but controllers. A row that makes no sense is named in the fault.
[[nodiscard]] std::string read_forest(sqlite3* database, Forest& forest);
// Writes what differs; an empty `before` writes everything.
[[nodiscard]] bool write_changes(sqlite3* database, const Forest& before, const Forest& after);

}  // namespace stead::kdc
