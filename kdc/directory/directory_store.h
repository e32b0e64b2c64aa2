#pragma once
// The directory on disk: SQLite (WAL, synchronous=FULL) in DIR/directory.db, which administrators may look into and
// change with sqlite3. A change that was acknowledged survives kill -9; writers of several processes wait for each
// other.
//
// What is kept: domains, accounts, groups and trusts, and which controllers were paused or resumed. The controllers
// themselves (addresses, ports, levels) stay with the forest file: they belong to the process that serves.
#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "kdc/forest/forest.h"

namespace stead::kdc {

class DirectoryStore {
 public:
  // Opens the store of `folder`, or makes it with `file_forest` as its starting state; `forest` becomes what it holds.
  // `digest` is the forest file's: where the store was made from another, `file_changed` is set. Returns null with one
  // line in `fault`.
  struct Opening {
    Forest forest;
    bool made = false;
    bool file_changed = false;
    std::string fault;
  };
  [[nodiscard]] static std::unique_ptr<DirectoryStore> open(const std::filesystem::path& folder,
                                                            const Forest& file_forest, const std::string& digest,
                                                            Opening& opening);
  ~DirectoryStore();

  // Whether anybody committed since the last load() or change(). A few loads from shared memory: no call into the
  // system.
  [[nodiscard]] bool changed() const noexcept;
  // All of it. Not thread-safe, as change() is not.
  [[nodiscard]] std::string load(Forest& forest);
  // Applies `edit` to the present state in one transaction and makes it last; nothing is written where it returns a
  // fault.
  [[nodiscard]] std::string change(const std::function<std::string(Forest&)>& edit);

 private:
  struct State;
  explicit DirectoryStore(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace stead::kdc
