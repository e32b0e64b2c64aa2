#include "kdc/directory/directory.h"

#include <spdlog/spdlog.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kdc/directory/directory_edits.h"
#include "kdc/directory/directory_store.h"

namespace stead::kdc {

struct Directory::State {
  std::unique_ptr<DirectoryStore> store;  // null: in memory
  mutable std::mutex mutex;
  std::shared_ptr<const Snapshot> current;       // under the mutex
  std::atomic<const Snapshot*> newest{nullptr};  // current.get(), to compare with
  std::mutex lockouts_mutex;
  std::vector<edits::LockedOut> lockouts;  // to be written; under lockouts_mutex, as the next one
  bool writing_lockouts = false;
  std::atomic<bool> reported{false};  // the current store cannot be read, and the log says so

  void publish(Forest forest) {
    current = std::make_shared<const Snapshot>(std::move(forest), current.get());
    newest.store(current.get(), std::memory_order_release);
    if (store) store->mark_read();
  }

  // In this order: mark_read() follows the store of `newest`.
  [[nodiscard]] bool is_newest(const Snapshot* snapshot) const {
    return !stale() && snapshot == newest.load(std::memory_order_acquire);
  }

  // Called under the mutex. The forest after the edit.
  Checked<Forest> change(const DirectoryStore::Edit& edit) {
    if (store) return store->change(current->forest(), edit);
    Forest forest = current->forest();
    if (const auto ok = edit(forest); !ok) return ok.error();
    return forest;
  }

  [[nodiscard]] bool stale() const { return store != nullptr && store->changed(); }

  // Called under the mutex. If the store cannot be read, the last state stays and the log says so once.
  void refresh() {
    if (!stale()) return;
    auto forest = store->load();
    if (!forest) {
      if (!reported.exchange(true))
        spdlog::error("the directory has changed and cannot be read; its last state is served: {}",
                      to_string(forest.error()));
      return;
    }
    reported = false;
    publish(std::move(*forest));
  }
};

Directory::Directory(Forest forest) : state_(std::make_unique<State>()) {
  state_->publish(std::move(forest));
}

Directory::Directory(Forest forest, std::unique_ptr<DirectoryStore> store) : state_(std::make_unique<State>()) {
  state_->store = std::move(store);
  state_->publish(std::move(forest));
}

Directory::~Directory() = default;

std::shared_ptr<const Snapshot> Directory::snapshot() const {
  const std::scoped_lock lock(state_->mutex);
  state_->refresh();
  return state_->current;
}

const Snapshot& Directory::snapshot(std::shared_ptr<const Snapshot>& cached) const {
  // `cached` keeps its snapshot alive, so no newer snapshot can have its address.
  if (cached == nullptr || !state_->is_newest(cached.get())) cached = snapshot();
  return *cached;
}

Checked<void> Directory::change(const std::function<Checked<void>(Forest&)>& edit) {
  const std::scoped_lock lock(state_->mutex);
  auto changed = state_->change(edit);
  if (!changed) return changed.error();
  state_->publish(std::move(*changed));
  return {};
}

Checked<void> Directory::set_password(std::string_view realm, std::string_view account, std::string_view password) {
  using std::chrono::system_clock;
  const auto now = system_clock::to_time_t(system_clock::now());
  auto changed = change([&](Forest& forest) { return edits::set_password(forest, realm, account, password, now); });
  if (!changed) spdlog::error("the password of {}@{} was not changed: {}", account, realm, to_string(changed.error()));
  return changed;
}

void Directory::record_lockout(std::string_view realm, std::uint32_t rid, std::chrono::sys_seconds since) {
  std::unique_lock waiting(state_->lockouts_mutex);
  state_->lockouts.push_back({std::string(realm), rid, since.time_since_epoch().count()});
  if (std::exchange(state_->writing_lockouts, true)) return;
  while (!state_->lockouts.empty()) {
    const auto locked = std::exchange(state_->lockouts, {});
    waiting.unlock();
    {
      const auto changed = change([&](Forest& forest) -> Checked<void> {
        edits::lock_out(forest, locked);
        return {};
      });
      if (!changed)
        spdlog::error("the lock-out of {} accounts was not written: {}", locked.size(), to_string(changed.error()));
    }
    waiting.lock();
  }
  state_->writing_lockouts = false;
}

}  // namespace stead::kdc
