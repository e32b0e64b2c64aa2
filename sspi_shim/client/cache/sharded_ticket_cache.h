#pragma once
// A TicketCache that any thread may use: 16 shards, each a TicketCache behind a mutex that is held for one lookup. The
// hash of the key selects the shard.
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "sspi_shim/client/cache/ticket_cache.h"

namespace stead {

// The limits are divided among the shards.
template <class Value>
class ShardedTicketCache {
 public:
  using Time = CacheTime;
  using Hit = typename TicketCache<Value>::Hit;
  static constexpr std::size_t kShards = 16;
  explicit ShardedTicketCache(std::size_t entries, std::size_t bytes = TicketCache<Value>::kNoLimit) {
    for (auto& shard : shards_)
      shard.cache.emplace((entries + kShards - 1) / kShards,
                          bytes == TicketCache<Value>::kNoLimit ? bytes : bytes / kShards + 1);
  }

  [[nodiscard]] std::optional<Hit> look(const std::string& key, Time now) {
    Held held(shard_of(key));
    return held->look(key, now);
  }
  [[nodiscard]] std::optional<Value> find(const std::string& key, Time now) {
    Held held(shard_of(key));
    return held->find(key, now);
  }

  // Counts evictions. Pass the epoch at which a fetch began to put().
  [[nodiscard]] std::uint64_t epoch() {
    const std::lock_guard lock(evicted_mutex_);
    return epoch_;
  }

  // `since`: the epoch when the fetch of `value` began. Does nothing if the owner was evicted after that: a ticket that
  // arrives after its user signed out is not kept.
  void put(const std::string& key, const std::string& owner, Value value, CacheTerms terms, std::uint64_t since) {
    Shard& shard = shard_of(key);
    {
      Held held(shard);
      held->put(key, owner, std::move(value), terms);
    }
    if (evicted_since(owner, since)) Held(shard)->forget(key);
  }

  void refresh_at(const std::string& key, Time at) { Held(shard_of(key))->refresh_at(key, at); }
  void forget(const std::string& key) { Held(shard_of(key))->forget(key); }

  void evict(const std::string& owner) {
    {
      const std::lock_guard lock(evicted_mutex_);
      if (evicted_.size() >= kMaxEvictions) {
        evicted_.clear();
        forgotten_ = epoch_;
      }
      evicted_[owner] = ++epoch_;
    }
    for (auto& shard : shards_) Held(shard)->forget_owner(owner);
  }

  // Drops expired entries of one shard, the next in turn.
  void expire(Time now) { Held(shards_[turn_.fetch_add(1, std::memory_order_relaxed) % kShards])->expire(now); }

  [[nodiscard]] std::size_t size() const {
    std::size_t out = 0;
    for (auto& shard : shards_) out += Held(shard)->size();
    return out;
  }
  [[nodiscard]] std::size_t bytes() const {
    std::size_t out = 0;
    for (auto& shard : shards_) out += Held(shard)->bytes();
    return out;
  }
  // `visit` runs with one shard locked.
  template <class Visit>
  void for_each_of(const std::string& owner, Time now, Visit visit) const {
    for (auto& shard : shards_) Held(shard)->for_each_of(owner, now, visit);
  }

 private:
  static constexpr std::size_t kMaxEvictions = 4096;
  struct alignas(64) Shard {
    std::mutex mutex;
    std::optional<TicketCache<Value>> cache;
  };
  class Held {
   public:
    explicit Held(Shard& shard) : lock_(shard.mutex), cache_(*shard.cache) {}
    TicketCache<Value>* operator->() { return &cache_; }

   private:
    std::lock_guard<std::mutex> lock_;
    TicketCache<Value>& cache_;
  };

  // Uses the upper bits of the hash: the shard's own map uses the lower ones.
  [[nodiscard]] Shard& shard_of(const std::string& key) {
    return shards_[(std::hash<std::string>{}(key) >> 40) % kShards];
  }

  [[nodiscard]] bool evicted_since(const std::string& owner, std::uint64_t since) {
    const std::lock_guard lock(evicted_mutex_);
    const auto found = evicted_.find(owner);
    return since < forgotten_ || (found != evicted_.end() && found->second > since);
  }

  mutable std::array<Shard, kShards> shards_;
  std::atomic<std::size_t> turn_{0};
  std::mutex evicted_mutex_;
  std::unordered_map<std::string, std::uint64_t> evicted_;  // epoch of each owner's last eviction
  std::uint64_t epoch_ = 0;
  std::uint64_t forgotten_ = 0;  // for evictions up to this epoch the owners are no longer known
};

}  // namespace stead
