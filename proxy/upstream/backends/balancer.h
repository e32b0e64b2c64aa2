#pragma once
// Chooses the upstream of a request among those of its route. One for each route and core; it takes no lock.
//
// Those that are up come first, then the backups that are up. If none is up, all are tried all the same: a wrong verdict
// on every one of them must not shut an application down.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "proxy/config/config.h"
#include "proxy/upstream/backends/upstream_health.h"

namespace stead::proxy {

class Balancer {
 public:
  struct Member {
    const UpstreamHealth* health;
    std::size_t target;  // its number in the pool
    unsigned weight;
    bool backup;
  };
  Balancer(Balance policy, std::chrono::seconds slow_start, std::vector<Member> members);

  // Members by bit, at most 64.
  using Members = std::uint64_t;
  // The number of a member that is not in `tried`; nothing: there is none. `key`: requests with the same key go to the
  // same upstream under Balance::sticky.
  [[nodiscard]] std::optional<std::size_t> choose(std::uint64_t key, Members tried, Clock::time_point now);
  [[nodiscard]] std::size_t size() const { return members_.size(); }
  [[nodiscard]] const Member& member(std::size_t number) const { return members_[number]; }

 private:
  [[nodiscard]] Members candidates(Members tried) const;
  [[nodiscard]] std::size_t in_turn(Members among, Clock::time_point now);
  [[nodiscard]] std::size_t least_busy(Members among, Clock::time_point now);
  [[nodiscard]] std::size_t sticky(Members among, std::uint64_t key) const;
  [[nodiscard]] double weight(std::size_t number, Clock::time_point now) const;

  Balance policy_;
  std::chrono::seconds slow_start_;
  std::vector<Member> members_;
  std::vector<double> credit_;        // of the smooth weighted round robin: the highest is next
  std::vector<std::uint64_t> seeds_;  // for sticky, by address: another order in the file changes nothing
  bool is_plain_ = true;              // no weights, no backups, no slow start
  std::size_t next_ = 0;
};

}  // namespace stead::proxy
