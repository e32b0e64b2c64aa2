#pragma once
// Turns the draft of a forest file into a forest, or reports why it cannot be one.
#include "kdc/forest/forest_draft.h"

namespace stead::kdc {

// Reports duplicates and names of things that do not exist, gives out RIDs, and adds krbtgt, the well-known groups and
// the groups that exist only because an account is in them. `warnings`: what a directory may hold and is of no use.
void check_and_resolve(ForestDraft& draft, FileErrors& errors, FileErrors& warnings);

}  // namespace stead::kdc
