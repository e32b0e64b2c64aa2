#pragma once
// A bounded cache for one thread. Entries expire, and all entries of an owner (a user) can be dropped together at
// sign-out. Keys wipe themselves (protocol/crypto/crypto.h). Nothing is written to disk.
//
// Eviction is fair between owners. If the cache is full and one owner has more than twice the average (with few
// owners: a quarter more than the average), that owner's least recently used entry goes. Otherwise the least recently
// used entry of all goes. So a user with many entries evicts their own.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

namespace stead {

using CacheTime = std::chrono::system_clock::time_point;
constexpr CacheTime kNever = CacheTime::max();

// When an entry expires, when a successor should be fetched, and its size without the key.
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
    bool refresh = false;  // a successor is due; true for one caller only, until put() or refresh_at()
  };

  // Nothing if there is no entry, or it has expired.
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

  // When Hit::refresh is set again, after a refresh that failed.
  void refresh_at(const std::string& key, Time at) {
    if (const auto found = index_.find(key); found != index_.end()) found->second->terms.refresh = at;
  }

  void forget(const std::string& key) {
    if (const auto found = index_.find(key); found != index_.end()) drop(found->second);
  }

  void forget_owner(const std::string& owner) {
    // drop() removes an owner with their last entry.
    for (auto found = owners_.find(owner); found != owners_.end(); found = owners_.find(owner))
      drop(found->second.entries.front());
  }

  // Drops expired entries, a few per call: expired secrets do not stay in memory while the cache is used.
  void expire(Time now, std::size_t at_most = 16) {
    for (; at_most > 0 && !ends_.empty() && ends_.begin()->first <= now; --at_most) drop(ends_.begin()->second);
  }

  // Visits the owner's values that have not expired, the most recently used first.
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
    std::list<Place> entries;  // most recently used first
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

  // An entry's share of the cache, by count and by bytes, in units of 2^-32.
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
  std::list<Entry> order_;  // most recently used first
  std::unordered_map<std::string, Place> index_;
  std::multimap<Time, Place> ends_;
  Owners owners_;
  std::set<std::pair<std::uint64_t, const std::string*>> ranking_;  // owners by weight
};

}  // namespace stead
