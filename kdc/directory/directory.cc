#include "kdc/directory/directory.h"

#include <spdlog/spdlog.h>

#include <chrono>
#include <mutex>

#include "kdc/directory/directory_edits.h"
#include "kdc/directory/directory_store.h"

namespace stead::kdc {

struct Directory::State {
  std::unique_ptr<DirectoryStore> store;  // null: in memory
  mutable std::mutex mutex;
  std::shared_ptr<const Snapshot> current;       // under the mutex
  std::atomic<const Snapshot*> newest{nullptr};  // current.get(), to compare with
  std::atomic<bool> complained{false};

  void publish(Forest forest) {
    current = std::make_shared<const Snapshot>(std::move(forest), current.get());
    newest.store(current.get(), std::memory_order_release);
  }

  [[nodiscard]] bool stale() const { return store != nullptr && store->changed(); }

  // Under the mutex. A store that cannot be read leaves the last good state in place, and says so once.
  void refresh() {
    if (!stale()) return;
    Forest forest;
    if (const auto fault = store->load(forest); !fault.empty()) {
      if (!complained.exchange(true))
        spdlog::error("the directory has changed and cannot be read, going on with what it was: {}", fault);
      return;
    }
    complained = false;
    publish(std::move(forest));
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
  // While `cached` holds the newest snapshot no other can be at its address.
  if (cached == nullptr || cached.get() != state_->newest.load(std::memory_order_acquire) || state_->stale())
    cached = snapshot();
  return *cached;
}

Result<void> Directory::set_password(std::string_view realm, std::string_view account, std::string_view password) {
  using std::chrono::system_clock;
  const auto now = system_clock::to_time_t(system_clock::now());
  const auto edit = [&](Forest& forest) { return edits::set_password(forest, realm, account, password, now); };
  const std::scoped_lock lock(state_->mutex);
  std::string fault;
  Forest forest;
  if (state_->store) {
    fault = state_->store->change(edit);
    if (fault.empty()) fault = state_->store->load(forest);
  } else {
    forest = state_->current->forest();
    fault = edit(forest);
  }
  if (!fault.empty()) {
    spdlog::error("the password of {}@{} was not changed: {}", account, realm, fault);
    return Error(boost::system::errc::make_error_code(boost::system::errc::io_error));
  }
  state_->publish(std::move(forest));
  return {};
}

}  // namespace stead::kdc
