#include "proxy/upstream/upstream_pool.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stead::proxy {

namespace asio = boost::asio;

namespace {
constexpr std::size_t kMaxIdle = 4096;
constexpr int kMaxTries = 8;  // upstreams of one request
}  // namespace

UpstreamPool::UpstreamPool(asio::any_io_executor executor, const Config& config, UpstreamTls& tls, Watchdog& watchdog,
                           CoreMetrics& metrics, std::shared_ptr<UpstreamNames> names, UpstreamHealths& healths)
    : config_(config), metrics_(metrics), connector_(std::move(executor), tls, watchdog, std::move(names)) {
  for (const Route& route : config_.routes) {
    std::vector<Balancer::Member> members;
    for (const Upstream& upstream : route.upstreams) {
      const std::size_t target = target_of(route, upstream, healths);
      members.push_back({.health = targets_[target].health.get(),
                         .target = target,
                         .weight = upstream.weight,
                         .backup = upstream.backup});
    }
    routes_.push_back({.balancer = {route.balance, route.slow_start, std::move(members)},
                       .connect_timeout = route.connect_timeout.value_or(config_.limits.upstream_connect_timeout)});
  }
}

std::size_t UpstreamPool::target_of(const Route& route, const Upstream& upstream, UpstreamHealths& healths) {
  auto health = healths.of(BackEnd::of(route, upstream));
  const auto same =
      std::find_if(targets_.begin(), targets_.end(), [&](const Target& target) { return target.health == health; });
  const auto number = static_cast<std::size_t>(same - targets_.begin());
  if (same == targets_.end()) targets_.push_back({std::move(health)});
  return number;
}

std::string_view UpstreamPool::key(std::size_t target, std::string_view identity) {
  key_.assign(reinterpret_cast<const char*>(&target), sizeof target);
  key_.append(identity);
  return key_;
}

UpstreamPtr UpstreamPool::in_use(UpstreamPtr connection) {
  connection->in_flight = InFlight(*targets_[connection->upstream].health, Clock::now());
  return connection;
}

UpstreamPtr UpstreamPool::take(std::size_t target, std::string_view identity) {
  const auto found = idle_.find(key(target, identity));
  if (found == idle_.end()) return nullptr;
  while (!found->second.empty()) {
    UpstreamPtr connection = std::move(found->second.back());
    found->second.pop_back();
    --idle_count_;
    if (!connection->stream.is_quiet() || connection->identity != identity) continue;
    connection->reused = true;
    connection->stream.set_idle(false);
    metrics_.upstream_reuses.add();
    return in_use(std::move(connection));
  }
  idle_.erase(found);
  return nullptr;
}

void UpstreamPool::keep(UpstreamPtr connection) {
  connection->in_flight.end();
  if (retired_ || connection->buffer.size() > 0 || !connection->stream.is_open() || idle_count_ >= kMaxIdle) return;
  const std::string_view wanted = key(connection->upstream, connection->identity);
  auto found = idle_.find(wanted);
  if (found == idle_.end()) found = idle_.try_emplace(std::string(wanted)).first;
  auto& list = found->second;
  if (list.size() >= config_.limits.upstream_idle_connections_per_user && !connection->identity.empty()) return;
  connection->stream.expect_nothing();
  connection->stream.set_idle(true);
  connection->buffer.release_if_empty();
  connection->idle_since = Clock::now();
  list.push_back(std::move(connection));
  ++idle_count_;
}

void UpstreamPool::failed(const UpstreamConnection& connection, Trouble trouble, std::string_view why) {
  metrics_.upstream_failures.add();
  targets_[connection.upstream].health->failed(trouble, why, Clock::now());
}

void UpstreamPool::sweep(Clock::time_point now) {
  for (auto entry = idle_.begin(); entry != idle_.end();) {
    idle_count_ -= std::erase_if(entry->second, [&](const UpstreamPtr& connection) {
      return now - connection->idle_since > config_.limits.upstream_idle_timeout || !connection->stream.is_quiet();
    });
    entry = entry->second.empty() ? idle_.erase(entry) : std::next(entry);
  }
}

std::optional<std::size_t> UpstreamPool::choose(Wanted& wanted, Clock::time_point now) {
  const auto number = wanted.chosen_ ? std::exchange(wanted.chosen_, std::nullopt)
                                     : routes_[wanted.route_].balancer.choose(wanted.key_, wanted.tried_, now);
  if (number) wanted.last_ = Balancer::Members{1} << *number;
  return number;
}

UpstreamPtr UpstreamPool::get_idle(Wanted& wanted) {
  if (wanted.reuse_ == Reuse::forbidden) return nullptr;
  const auto number = choose(wanted, Clock::now());
  if (!number) return nullptr;
  UpstreamPtr idle = take(routes_[wanted.route_].balancer.member(*number).target, wanted.identity_);
  if (!idle) wanted.chosen_ = number;
  return idle;
}

asio::awaitable<Checked<UpstreamPtr>> UpstreamPool::get(Wanted& wanted) {
  Problem problem{.message = "none is left to try", .where = "upstream", .fix = {}};
  for (int i = 0; i < kMaxTries; ++i) {
    auto number = choose(wanted, Clock::now());
    if (!number && i == 0) {
      wanted.tried_ = 0;
      number = choose(wanted, Clock::now());
    }
    if (!number) break;
    const std::size_t at = routes_[wanted.route_].balancer.member(*number).target;
    if (wanted.reuse_ == Reuse::allowed) {
      if (UpstreamPtr idle = take(at, wanted.identity_)) co_return idle;
    }
    const std::shared_ptr<UpstreamHealth> health = targets_[at].health;
    auto made = co_await connector_.connect(health->back_end(), at, std::string(wanted.identity_),
                                            routes_[wanted.route_].connect_timeout);
    if (made) {
      metrics_.upstream_connections.add();
      co_return in_use(std::move(*made));
    }
    metrics_.upstream_failures.add();
    problem = Problem{.message = std::move(made.error().message), .where = "upstream " + health->name(), .fix = {}};
    health->failed(Trouble::no_connection, problem.message, Clock::now());
    wanted.avoid_last();
  }
  co_return problem;
}

}  // namespace stead::proxy
