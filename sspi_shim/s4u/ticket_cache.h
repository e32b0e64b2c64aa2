#pragma once
// A bounded cache, the least recently used entry goes first. Entries expire, and go together when their owner (a user) signs out. What
// they hold wipes itself: keys do (protocol/crypto.h). Memory only; one executor, no lock.
#include <chrono>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace stead {

template <class Value>
class TicketCache {
 public:
  using Time = std::chrono::system_clock::time_point;
  explicit TicketCache(std::size_t limit) : limit_(limit) {}

  // Nothing where there is none or it has expired.
  [[nodiscard]] std::optional<Value> find(const std::string& key, Time now) {
    const auto found = index_.find(key);
    if (found == index_.end()) return {};
    if (found->second->expires <= now) {
      drop(found->second);
      return {};
    }
    order_.splice(order_.begin(), order_, found->second);
    return found->second->value;
  }

  void put(const std::string& key, const std::string& owner, Value value, Time expires) {
    if (const auto found = index_.find(key); found != index_.end()) drop(found->second);
    if (limit_ == 0) return;
    order_.push_front({key, owner, std::move(value), expires});
    index_[key] = order_.begin();
    owned_[owner].insert(key);
    if (order_.size() > limit_) drop(std::prev(order_.end()));
  }

  void forget(const std::string& key) {
    if (const auto found = index_.find(key); found != index_.end()) drop(found->second);
  }

  void forget_owner(const std::string& owner) {
    const auto found = owned_.find(owner);
    if (found == owned_.end()) return;
    const auto keys = found->second;
    for (const auto& key : keys) forget(key);
  }

  void clear() {
    order_.clear();
    index_.clear();
    owned_.clear();
  }
  [[nodiscard]] std::size_t size() const { return order_.size(); }

 private:
  struct Entry {
    std::string key, owner;
    Value value;
    Time expires;
  };
  using Place = typename std::list<Entry>::iterator;

  void drop(Place place) {
    const auto owner = owned_.find(place->owner);
    owner->second.erase(place->key);
    if (owner->second.empty()) owned_.erase(owner);
    index_.erase(place->key);
    order_.erase(place);
  }

  std::size_t limit_;
  std::list<Entry> order_;
  std::unordered_map<std::string, Place> index_;
  std::unordered_map<std::string, std::unordered_set<std::string>> owned_;
};

}  // namespace stead
