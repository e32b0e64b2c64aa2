#pragma once
// Refusals that are given again without asking a KDC. One is remembered no longer than an administrator who repairs the
// cause would wait. Thread-safe.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "sspi_shim/client/cache/sharded_ticket_cache.h"
#include "sspi_shim/client/failures.h"

namespace stead {

class RefusalMemory {
 public:
  struct Remembered {
    std::shared_ptr<const Failure> failure;
    CacheTime until;
    bool is_probed = false;  // one caller has looked past it already

    // The failure with the time that it stays remembered.
    [[nodiscard]] Failure again(CacheTime now) const;
  };

  // `policy_life`: how long a refusal by policy is remembered, to twice as long.
  RefusalMemory(std::size_t entries, std::chrono::milliseconds policy_life);

  [[nodiscard]] std::optional<Remembered> find(const std::string& key, CacheTime now);

  // Returns the failure with `cacheable_for` set. Failures of kind `cancelled` and `unusable` are not remembered. A
  // refusal that replaces another one ends when that one would have: a probe does not make it last longer. `since`: the
  // epoch at which the call began; nothing is kept of an owner who was evicted after that.
  Failure remember(const std::string& key, const std::string& owner, ClassifiedFailure refused, CacheTime now,
                   std::uint64_t since);
  // Lets the caller look past this refusal; later callers find it with is_probed.
  void mark_probed(const std::string& key, const std::string& owner, Remembered refusal);

  void forget(const std::string& key) { refusals_.forget(key); }
  void evict(const std::string& owner) { refusals_.evict(owner); }
  void expire(CacheTime now) { refusals_.expire(now); }
  [[nodiscard]] std::size_t size() const { return refusals_.size(); }

 private:
  [[nodiscard]] std::chrono::milliseconds life_of(RefusalClass kind) const;

  const std::chrono::milliseconds policy_life_;
  ShardedTicketCache<Remembered> refusals_;
};

}  // namespace stead
