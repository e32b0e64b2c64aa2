#include "proxy/upstream/backends/balancer.h"

#include <bit>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stead::proxy {
namespace {

// SplitMix64: spreads the bits of a hash.
std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15U;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31);
}

constexpr Balancer::Members bit(std::size_t number) {
  return Balancer::Members{1} << number;
}

// Calls `use` with the number of each member.
template <class Use>
void each(Balancer::Members members, Use use) {
  for (; members != 0; members &= members - 1) use(static_cast<std::size_t>(std::countr_zero(members)));
}

}  // namespace

Balancer::Balancer(Balance policy, std::chrono::seconds slow_start, std::vector<Member> members)
    : policy_(policy), slow_start_(slow_start), members_(std::move(members)), credit_(members_.size(), 0.0) {
  for (const Member& member : members_) {
    seeds_.push_back(mix(std::hash<std::string>{}(to_string(member.health->back_end().upstream))));
    is_plain_ = is_plain_ && member.weight == members_.front().weight;
  }
  is_plain_ = is_plain_ && slow_start_.count() == 0;
}

Balancer::Members Balancer::candidates(Members tried) const {
  Members up = 0, backups = 0, out = 0;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    if ((tried & bit(i)) != 0) continue;
    if (!members_[i].health->takes_requests())
      out |= bit(i);
    else
      (members_[i].backup ? backups : up) |= bit(i);
  }
  if (up != 0) return up;
  return backups != 0 ? backups : out;
}

std::optional<std::size_t> Balancer::choose(std::uint64_t key, Members tried, Clock::time_point now) {
  const Members among = candidates(tried);
  if (among == 0) return std::nullopt;
  if (std::has_single_bit(among)) return static_cast<std::size_t>(std::countr_zero(among));
  switch (policy_) {
    case Balance::sticky:
      return sticky(among, key);
    case Balance::least_connections:
      return least_busy(among, now);
    case Balance::round_robin:
      break;
  }
  return in_turn(among, now);
}

double Balancer::weight(std::size_t number, Clock::time_point now) const {
  const Member& member = members_[number];
  return member.weight * member.health->warmth(slow_start_, now);
}

std::size_t Balancer::in_turn(Members among, Clock::time_point now) {
  if (is_plain_) {
    while ((among & bit(next_ % members_.size())) == 0) ++next_;
    return next_++ % members_.size();
  }
  double total = 0;
  std::size_t best = 0;
  double most = -std::numeric_limits<double>::infinity();
  each(among, [&](std::size_t i) {
    const double share = weight(i, now);
    credit_[i] += share;
    total += share;
    if (credit_[i] <= most) return;
    most = credit_[i];
    best = i;
  });
  credit_[best] -= total;
  return best;
}

std::size_t Balancer::least_busy(Members among, Clock::time_point now) {
  double least = std::numeric_limits<double>::infinity();
  Members equals = 0;
  each(among, [&](std::size_t i) {
    const double load = (members_[i].health->in_flight() + 1.0) / weight(i, now);
    if (load > least) return;
    equals = load < least ? bit(i) : equals | bit(i);
    least = load;
  });
  return in_turn(equals, now);
}

// The highest of a score that mixes key and member (rendezvous hashing): when one goes out, its keys spread over the
// others, and no other key moves.
std::size_t Balancer::sticky(Members among, std::uint64_t key) const {
  std::size_t best = 0;
  double highest = -1;
  each(among, [&](std::size_t i) {
    const double share = (static_cast<double>(mix(key ^ seeds_[i]) >> 11) + 0.5) * 0x1p-53;
    const double score = members_[i].weight / -std::log(share);
    if (score <= highest) return;
    highest = score;
    best = i;
  });
  return best;
}

}  // namespace stead::proxy
