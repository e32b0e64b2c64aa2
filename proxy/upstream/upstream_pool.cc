#include "proxy/upstream/upstream_pool.h"

#include <openssl/x509.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/ip/address.hpp>
#include <chrono>
#include <cstddef>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "sspi_shim/base/x509.h"

namespace stead::proxy {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {
constexpr auto as_result = asio::as_tuple(asio::deferred);
constexpr std::size_t kMaxIdle = 4096;
constexpr std::chrono::seconds kAvoid{2}, kMaxAvoid{30};
}  // namespace

UpstreamPool::UpstreamPool(asio::any_io_executor executor, const Config& config, UpstreamTls& tls, Watchdog& watchdog,
                           CoreMetrics& metrics, std::shared_ptr<UpstreamNames> names)
    : executor_(std::move(executor)),
      config_(config),
      tls_(tls),
      watchdog_(watchdog),
      metrics_(metrics),
      names_(std::move(names)) {
  for (const Route& route : config_.routes) {
    Rotation rotation;
    for (const Upstream& upstream : route.upstreams) {
      const auto same = std::find_if(targets_.begin(), targets_.end(), [&](const Target& target) {
        return *target.upstream == upstream && target.route->upstream_verify == route.upstream_verify &&
               target.route->upstream_ca == route.upstream_ca;
      });
      rotation.targets.push_back(static_cast<std::size_t>(same - targets_.begin()));
      if (same == targets_.end())
        targets_.push_back({&upstream, &route, upstream.host + ':' + std::to_string(upstream.port), 0, {}});
    }
    routes_.push_back(std::move(rotation));
  }
}

std::string_view UpstreamPool::key(std::size_t target, std::string_view identity) {
  key_.assign(reinterpret_cast<const char*>(&target), sizeof target);
  key_.append(identity);
  return key_;
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
    return connection;
  }
  idle_.erase(found);
  return nullptr;
}

void UpstreamPool::keep(UpstreamPtr connection) {
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

void UpstreamPool::sweep(Clock::time_point now) {
  for (auto entry = idle_.begin(); entry != idle_.end();) {
    idle_count_ -= std::erase_if(entry->second, [&](const UpstreamPtr& connection) {
      return now - connection->idle_since > config_.limits.upstream_idle_timeout || !connection->stream.is_quiet();
    });
    entry = entry->second.empty() ? idle_.erase(entry) : std::next(entry);
  }
}

UpstreamPtr UpstreamPool::get_idle(std::size_t route, std::string_view identity) {
  Rotation& rotation = routes_[route];
  if (rotation.targets.empty()) return nullptr;
  const std::size_t target = rotation.targets[rotation.next % rotation.targets.size()];
  if (targets_[target].failures > 0 && targets_[target].avoid_until > Clock::now()) return nullptr;
  UpstreamPtr idle = take(target, identity);
  if (idle) ++rotation.next;
  return idle;
}

asio::awaitable<Checked<UpstreamPtr>> UpstreamPool::get(std::size_t route, std::string_view identity, Reuse reuse) {
  Rotation& rotation = routes_[route];
  const Clock::time_point now = Clock::now();
  const std::size_t count = rotation.targets.size();
  const std::size_t first = rotation.next++ % std::max<std::size_t>(count, 1);
  Problem problem;
  // The second round tries the upstreams that failed a short time ago.
  for (const bool try_avoided : {false, true}) {
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t target = rotation.targets[(first + i) % count];
      if ((targets_[target].avoid_until > now) != try_avoided) continue;
      if (reuse == Reuse::allowed) {
        if (UpstreamPtr idle = take(target, identity)) co_return idle;
      }
      std::string owner(identity);
      auto made = co_await connect(target, std::move(owner));
      if (made) co_return std::move(made);
      problem = std::move(made.error());
    }
  }
  co_return problem;
}

asio::awaitable<UpstreamNames::Endpoints> UpstreamPool::resolve(const Upstream& upstream, Error& error) {
  const std::string& host = upstream.host;
  const auto address = asio::ip::make_address(host.starts_with('[') ? host.substr(1, host.size() - 2) : host, error);
  if (!error) co_return UpstreamNames::Endpoints{tcp::endpoint(address, upstream.port)};
  co_return co_await names_->find(host, upstream.port, config_.limits.upstream_connect_timeout, error);
}

asio::awaitable<Error> UpstreamPool::open(UpstreamConnection& connection, tcp::endpoint endpoint,
                                          const Target& target) {
  Stream& stream = connection.stream;
  Error error;
  stream.socket().open(endpoint.protocol(), error);
  if (error) co_return error;
  stream.socket().non_blocking(true, error);
  stream.socket().set_option(tcp::no_delay(true), error);
  stream.expire_writes_in(config_.limits.upstream_connect_timeout);
  const auto [connect_error] = co_await stream.socket().async_connect(endpoint, as_result);
  error = connect_error;
  if (!error && target.upstream->tls) {
    const auto verify = target.route->upstream_verify ? Stream::VerifyPeer::yes : Stream::VerifyPeer::no;
    error = co_await stream.connect_tls(tls_.context(target.route->upstream_ca), target.upstream->host, verify);
    if (!error) {
      const std::string bindings = tls_server_end_point(SSL_get0_peer_certificate(stream.ssl()));
      connection.bindings.assign(bindings.begin(), bindings.end());
    }
  }
  stream.expect_nothing();
  co_return stream.timed_out() ? Error(asio::error::timed_out) : error;
}

asio::awaitable<Checked<UpstreamPtr>> UpstreamPool::connect(std::size_t number, std::string identity) {
  Target& target = targets_[number];
  Error error;
  const UpstreamNames::Endpoints endpoints = co_await resolve(*target.upstream, error);
  for (const tcp::endpoint& endpoint : endpoints) {
    auto connection = std::make_unique<UpstreamConnection>(tcp::socket(executor_), watchdog_, number, identity);
    error = co_await open(*connection, endpoint, target);
    if (error) continue;
    target.failures = 0;
    target.avoid_until = {};
    metrics_.upstream_connections.add();
    co_return connection;
  }
  metrics_.upstream_failures.add();
  target.failures = std::min(target.failures + 1, 16);
  target.avoid_until = Clock::now() + std::min(kAvoid * target.failures, std::chrono::seconds(kMaxAvoid));
  co_return Problem{.message = error ? error.message() : "no address", .where = "upstream " + target.name, .fix = {}};
}

}  // namespace stead::proxy
