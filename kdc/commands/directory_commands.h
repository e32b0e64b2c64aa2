#pragma once
// `stead-kdc directory`: setspn and the ActiveDirectory cmdlets, run on the store of a state folder.
#include <string>
#include <vector>

#include "kdc/directory/directory_store.h"
#include "kdc/forest/forest.h"

namespace stead::kdc {

struct CommandResult {
  int exit_status = 0;  // 0 done, 1 refused (no such account, a duplicate, the disk), 2 usage
  std::string output;   // for standard output, as the Windows tools print
  std::string error;    // one line for standard error
  std::string json;     // one object: what a query found; "{}" for a change
};

// `words` are one command: "setspn -S HTTP/web.example.com web". Case of names does not matter; values may be quoted as
// in PowerShell.
[[nodiscard]] CommandResult run_directory_command(DirectoryStore& store, const std::vector<std::string>& words);
// The same on a forest in memory, which may be half changed after an error.
[[nodiscard]] CommandResult apply_directory_command(Forest& forest, const std::vector<std::string>& words);
// The commands there are, one on each line.
[[nodiscard]] std::string directory_usage();

}  // namespace stead::kdc
