#pragma once
// Directory commands on a forest in memory: which one makes a delegation work, and what commands change.
#include <string>
#include <vector>

#include "kdc/directory/snapshot.h"
#include "kdc/forest/forest.h"
#include "sspi_shim/cli/plan/ways.h"

namespace stead::plan {

// The words of a command line; a quoted word stays one, with its quotes.
[[nodiscard]] std::vector<std::string> command_words(const std::string& line);

// A command, as `stead-kdc directory` and PowerShell take it, and the ways that work after it.
struct Remedy {
  std::string command;  // empty: no single command that is known here helps
  std::vector<Way> gives;
};
// For parties without a way that works. Each command is tried before it is named; one that grants to one front end comes
// before one that lifts a protection of the user.
[[nodiscard]] Remedy find_remedy(const kdc::Snapshot& snapshot, const Parties& parties);

// A way that works in one forest and not in the other.
struct Difference {
  std::string front, back;  // SPNs
  Way way{};
};
struct Effect {
  std::vector<Difference> granted, taken;
  bool complete = true;  // false: there are more pairs than were compared
};
// Compares what the user may do by every front end at every back end. Domain controllers are neither.
[[nodiscard]] Effect compare(const kdc::Snapshot& before, const kdc::Snapshot& after, const Parties& parties);

}  // namespace stead::plan
