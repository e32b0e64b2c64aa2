#pragma once
// The directory on disk: SQLite (WAL, synchronous=FULL) in DIR/directory.db, which administrators may read and change
// with sqlite3. An acknowledged change survives kill -9. Writers in several processes wait for each other.
//
// The database has domains, accounts, groups and trusts, and which controllers were paused or resumed. The controllers
// themselves (addresses, ports, levels) stay in the forest file: they belong to the process that serves.
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "kdc/forest/forest.h"
#include "sspi_shim/base/problem.h"

namespace stead::kdc {

class DirectoryStore {
 public:
  struct Opened {
    std::unique_ptr<DirectoryStore> store;
    Forest forest;              // the content of the store
    bool created = false;       // from the forest file, just now
    bool file_changed = false;  // the store was created from another version of the forest file
  };
  // A change of the forest; it may leave the forest half changed if it returns a problem.
  using Edit = std::function<Checked<void>(Forest&)>;

  // Opens the store in `folder`; creates it with `file_forest` as its content if there is none. `digest`: of the forest
  // file, to notice that it has changed.
  [[nodiscard]] static Checked<Opened> open(const std::filesystem::path& folder, const Forest& file_forest,
                                            const std::string& digest);
  ~DirectoryStore();

  // True if any process has committed a change since the content that mark_read() was said of. A few loads from shared
  // memory, no system call. Thread-safe.
  [[nodiscard]] bool changed() const noexcept;
  // Every thread can get at what load() or change() gave last. Not thread-safe with them.
  void mark_read() noexcept;
  // The whole content. Not thread-safe.
  [[nodiscard]] Checked<Forest> load();
  // Applies `edit` to the current content and commits the result, in one transaction. Writes nothing if `edit` returns
  // a problem. Not thread-safe.
  [[nodiscard]] Checked<void> change(const Edit& edit);
  // The same, and returns the content after it. `loaded`: the content as load() or this function gave it last, marked as read; unless
  // another process has changed it since, nothing is read from the disk.
  [[nodiscard]] Checked<Forest> change(const Forest& loaded, const Edit& edit);

 private:
  struct State;
  explicit DirectoryStore(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace stead::kdc
