#pragma once
// The directory that a KDC serves: the current snapshot of the forest, and the changes that requests make to it.
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "kdc/directory/snapshot.h"
#include "sspi_shim/base/problem.h"

namespace stead::kdc {

class DirectoryStore;

// Holds the current snapshot. Without a state folder the directory lives in memory; with one it lives in SQLite there,
// and a change that another process makes is in the next snapshot. Thread-safe.
class Directory {
 public:
  // In memory.
  explicit Directory(Forest forest);
  // On disk; `forest` is the content of the store (DirectoryStore::open).
  Directory(Forest forest, std::unique_ptr<DirectoryStore> store);
  ~Directory();

  // The state as of now, with every committed change of other processes. Costs a few loads from memory if nothing has
  // changed.
  [[nodiscard]] std::shared_ptr<const Snapshot> snapshot() const;
  // The same for a thread that asks often: replaces `cached` only if the directory has changed, so that cores do not
  // share a reference count on the request path.
  [[nodiscard]] const Snapshot& snapshot(std::shared_ptr<const Snapshot>& cached) const;
  // Applies a change and serves the result; with a state folder it is durable when this returns. The edit sees the newest
  // state; it may leave the forest half changed if it returns a problem. Blocking.
  [[nodiscard]] Checked<void> change(const std::function<Checked<void>(Forest&)>& edit);
  // Replaces one account's secret (kpasswd); the old one becomes previous_secret. A failure is logged here.
  [[nodiscard]] Checked<void> set_password(std::string_view realm, std::string_view account, std::string_view password);

  // Writes that wrong passwords have locked an account out at `since`. Blocking: on a thread pool. Calls while another one
  // writes return at once; that one writes all of them together. A failure is logged: the count in memory goes on.
  void record_lockout(std::string_view realm, std::uint32_t rid, std::chrono::sys_seconds since);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace stead::kdc
