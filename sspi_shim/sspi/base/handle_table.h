#pragma once
// The objects behind the C surface's handles. A handle is a kind, a slot and the slot's generation: a stale handle, or
// one of another kind, finds nothing.
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "sspi_shim/sspi/base/types.h"

namespace stead::sspi {

enum class HandleKind : std::uint8_t { credentials = 1, context = 2, token = 3, client = 4, lsa = 5 };

template <class T, HandleKind kind>
class HandleTable {
 public:
  // The slot in the low 32 bits, kind and generation in the high ones. Never 0.
  using Id = std::uint64_t;

  Id insert(std::shared_ptr<T> object) {
    const std::lock_guard lock(mutex_);
    std::uint32_t slot = 0;
    if (free_.empty()) {
      slot = static_cast<std::uint32_t>(slots_.size());
      slots_.emplace_back();
    } else {
      slot = free_.back();
      free_.pop_back();
    }
    slots_[slot].object = std::move(object);
    return id_of(slot);
  }
  // Null: the handle is stale or was never given.
  [[nodiscard]] std::shared_ptr<T> find(Id id) const {
    const std::lock_guard lock(mutex_);
    return is_live(id) ? slots_[slot_of(id)].object : nullptr;
  }
  // The erased object, which lives until its last user drops it; null: there was none.
  std::shared_ptr<T> erase(Id id) {
    const std::lock_guard lock(mutex_);
    if (!is_live(id)) return nullptr;
    Slot& slot = slots_[slot_of(id)];
    std::shared_ptr<T> object = std::move(slot.object);
    slot.object = nullptr;
    if (++slot.generation <= kLastGeneration)
      free_.push_back(slot_of(id));  // a slot that has had every generation is not used again
    return object;
  }

  // Around fork(): between them no other thread uses the table.
  void hold() { mutex_.lock(); }
  void release() { mutex_.unlock(); }
  // Between them: the handles of these objects become stale. Gives the objects.
  template <class Predicate>
  [[nodiscard]] std::vector<std::shared_ptr<T>> take_if(Predicate predicate) {
    std::vector<std::shared_ptr<T>> out;
    for (Slot& slot : slots_) {
      if (!slot.object || !predicate(*slot.object)) continue;
      out.push_back(std::move(slot.object));
      slot.object = nullptr;
      ++slot.generation;
    }
    return out;
  }

  static SecHandle to_handle(Id id) {
    return {static_cast<ULONG_PTR>(id & 0xFFFFFFFFU), static_cast<ULONG_PTR>(id >> 32)};
  }
  static Id to_id(const SecHandle* handle) {
    if (handle == nullptr || (handle->dwLower | handle->dwUpper) > 0xFFFFFFFFU) return 0;
    return static_cast<Id>(handle->dwUpper) << 32 | handle->dwLower;
  }

 private:
  static constexpr std::uint32_t kLastGeneration = 0xFFFFFF;
  struct Slot {
    std::uint32_t generation = 1;
    std::shared_ptr<T> object;
  };
  static std::uint32_t slot_of(Id id) { return static_cast<std::uint32_t>(id); }
  [[nodiscard]] Id id_of(std::uint32_t slot) const {
    return static_cast<Id>(kind) << 56 | static_cast<Id>(slots_[slot].generation) << 32 | slot;
  }
  [[nodiscard]] bool is_live(Id id) const {
    return slot_of(id) < slots_.size() && slots_[slot_of(id)].object && id == id_of(slot_of(id));
  }

  mutable std::mutex mutex_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
};

}  // namespace stead::sspi
