#pragma once
// Bounded caches. Entries expire, and go together when their owner (a user) signs out. What they hold wipes itself:
// keys do (protocol/crypto.h). Memory only.
//
//   TicketCache          one executor, no lock: what a core of the proxy keeps in front
//   ShardedTicketCache   any thread: the key's hash names one of 16 TicketCaches, each behind a mutex that is held for
//   one lookup
//
// Where there is no room, the owner who holds more than twice the average (of few owners: a quarter more) gives what he
// used longest ago; where nobody does, whoever used an entry longest ago. So one user who asks for much drives out
// himself, and nobody else.
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

namespace stead {

using CacheTime = std::chrono::system_clock::time_point;
constexpr CacheTime kNever = CacheTime::max();

// How long an entry holds, when to look for its successor, and what it weighs besides its key.
struct CacheTerms {
  CacheTime expires;
  CacheTime refresh = kNever;
  std::size_t bytes = 0;
};

template <class Value>
class TicketCache {
 public:
  using Time = CacheTime;
  static constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();
  explicit TicketCache(std::size_t entries, std::size_t bytes = kNoLimit) : entries_(entries), bytes_(bytes) {}
  TicketCache(const TicketCache&) = delete;
  TicketCache& operator=(const TicketCache&) = delete;

  struct Hit {
    Value value;
    bool refresh = false;  // its time has come: this caller alone is told, until put() or refresh_at()
  };

  // Nothing where there is none or it has expired.
  [[nodiscard]] std::optional<Hit> look(const std::string& key, Time now) {
    const auto found = index_.find(key);
    if (found == index_.end()) return {};
    Entry& entry = *found->second;
    if (entry.terms.expires <= now) {
      drop(found->second);
      return {};
    }
    order_.splice(order_.begin(), order_, found->second);
    auto& own = entry.owner->second.entries;
    own.splice(own.begin(), own, entry.own_place);
    const bool refresh = entry.terms.refresh <= now;
    if (refresh) entry.terms.refresh = kNever;
    return Hit{entry.value, refresh};
  }
  [[nodiscard]] std::optional<Value> find(const std::string& key, Time now) {
    std::optional<Hit> hit = look(key, now);
    if (!hit) return {};
    return std::move(hit->value);
  }

  void put(const std::string& key, const std::string& owner, Value value, CacheTerms terms) {
    forget(key);
    if (entries_ == 0) return;
    terms.bytes += sizeof(Entry) + 2 * key.size();
    order_.push_front({key, {}, {}, {}, std::move(value), terms, weight_of(terms.bytes)});
    const auto place = order_.begin();
    index_[key] = place;
    place->end_place = ends_.emplace(terms.expires, place);
    place->owner = owners_.try_emplace(owner).first;
    Owner& holder = place->owner->second;
    holder.entries.push_front(place);
    place->own_place = holder.entries.begin();
    weigh(place->owner, holder.weight + place->weight);
    used_ += terms.bytes;
    while (order_.size() > entries_ || used_ > bytes_) drop(victim());
  }
  void put(const std::string& key, const std::string& owner, Value value, Time expires) {
    put(key, owner, std::move(value), CacheTerms{expires});
  }

  // When to tell of a refresh again, for one that failed.
  void refresh_at(const std::string& key, Time at) {
    if (const auto found = index_.find(key); found != index_.end()) found->second->terms.refresh = at;
  }

  void forget(const std::string& key) {
    if (const auto found = index_.find(key); found != index_.end()) drop(found->second);
  }

  void forget_owner(const std::string& owner) {
    // The owner goes with his last entry.
    for (auto found = owners_.find(owner); found != owners_.end(); found = owners_.find(owner))
      drop(found->second.entries.front());
  }

  // Drops what has expired, some at a time, so that no secret stays longer than others come.
  void expire(Time now, std::size_t at_most = 16) {
    for (; at_most > 0 && !ends_.empty() && ends_.begin()->first <= now; --at_most) drop(ends_.begin()->second);
  }

  // Each value that this owner has and that holds yet, the one used last first.
  template <class Visit>
  void for_each_of(const std::string& owner, Time now, Visit visit) const {
    const auto found = owners_.find(owner);
    if (found == owners_.end()) return;
    for (const Place& place : found->second.entries) {
      if (place->terms.expires > now) visit(place->value);
    }
  }

  void clear() {
    while (!order_.empty()) drop(order_.begin());
  }
  [[nodiscard]] std::size_t size() const { return order_.size(); }
  [[nodiscard]] std::size_t bytes() const { return used_; }

 private:
  struct Entry;
  using Place = typename std::list<Entry>::iterator;
  struct Owner {
    std::list<Place> entries;  // the one used last is first
    std::uint64_t weight = 0;
  };
  using Owners = std::unordered_map<std::string, Owner>;
  struct Entry {
    std::string key;
    typename Owners::iterator owner;
    typename std::list<Place>::iterator own_place;
    typename std::multimap<Time, Place>::iterator end_place;
    Value value;
    CacheTerms terms;
    std::uint64_t weight;
  };

  // What part of the cache it takes: of the entries and of the bytes, in 2^-32.
  [[nodiscard]] std::uint64_t weight_of(std::size_t bytes) const {
    constexpr double whole = 4294967296.0;
    return static_cast<std::uint64_t>(whole / static_cast<double>(entries_) +
                                      whole * static_cast<double>(bytes) / static_cast<double>(bytes_)) +
           1;
  }

  void weigh(typename Owners::iterator owner, std::uint64_t weight) {
    Owner& holder = owner->second;
    if (holder.weight != 0) ranking_.erase({holder.weight, &owner->first});
    total_ = total_ - holder.weight + weight;
    holder.weight = weight;
    if (weight != 0) ranking_.emplace(weight, &owner->first);
  }

  [[nodiscard]] Place victim() {
    const auto& [weight, name] = *ranking_.rbegin();
    const std::uint64_t average = total_ / ranking_.size();
    if (weight > (ranking_.size() > kFew ? 2 * average : average + average / 4))
      return owners_.find(*name)->second.entries.back();
    return std::prev(order_.end());
  }

  void drop(Place place) {
    const auto owner = place->owner;
    Owner& holder = owner->second;
    holder.entries.erase(place->own_place);
    weigh(owner, holder.weight - place->weight);
    if (holder.entries.empty()) owners_.erase(owner);
    ends_.erase(place->end_place);
    used_ -= place->terms.bytes;
    index_.erase(place->key);
    order_.erase(place);
  }

  static constexpr std::size_t kFew = 8;
  std::size_t entries_, bytes_;
  std::size_t used_ = 0;
  std::uint64_t total_ = 0;
  std::list<Entry> order_;  // the one used last is first
  std::unordered_map<std::string, Place> index_;
  std::multimap<Time, Place> ends_;
  Owners owners_;
  std::set<std::pair<std::uint64_t, const std::string*>> ranking_;  // of the owners
};

// The bounds hold for all shards together; each has its part of them.
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

  // A point in time as the evictions count it: what was asked for before an eviction is not kept after it.
  [[nodiscard]] std::uint64_t epoch() {
    const std::lock_guard lock(evicted_mutex_);
    return epoch_;
  }

  // `since`: the epoch when the value was asked for. Nothing is kept of an owner who was evicted meanwhile.
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
      if (evicted_.size() >= kEvictions) {
        evicted_.clear();
        forgotten_ = epoch_;
      }
      evicted_[owner] = ++epoch_;
    }
    for (auto& shard : shards_) Held(shard)->forget_owner(owner);
  }

  // Of one shard, the next in turn.
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
  // `visit` runs with a part of the cache locked.
  template <class Visit>
  void for_each_of(const std::string& owner, Time now, Visit visit) const {
    for (auto& shard : shards_) Held(shard)->for_each_of(owner, now, visit);
  }

 private:
  static constexpr std::size_t kEvictions = 4096;
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

  // The upper bits: the maps below use the lower ones.
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
  std::unordered_map<std::string, std::uint64_t> evicted_;  // the epoch of each one's last eviction
  std::uint64_t epoch_ = 0;
  std::uint64_t forgotten_ = 0;  // evictions up to this one are not told apart any more
};

}  // namespace stead
