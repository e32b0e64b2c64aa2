#pragma once
// Connections to back ends, one pool for each core. A back end may bind the user of a Negotiate token to the connection
// that carried it. Therefore a connection belongs to the identity that first used it, for its whole life: the identity
// is part of the key by which it is found.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "proxy/config/config.h"
#include "proxy/http/stream.h"
#include "proxy/observe/metrics.h"
#include "proxy/upstream/backends/balancer.h"
#include "proxy/upstream/backends/upstream_connection.h"
#include "proxy/upstream/backends/upstream_connector.h"
#include "proxy/upstream/backends/upstream_health.h"
#include "sspi_shim/base/problem.h"

namespace stead::proxy {

enum class Reuse { allowed, forbidden };  // of idle connections

// What one request wants of the pool, and which of the route's upstreams it has tried.
class Wanted {
 public:
  // `identity` outlives it. `key`: requests of one key go to one upstream where the route says so.
  Wanted(std::size_t route, std::string_view identity, std::uint64_t key)
      : route_(route), identity_(identity), key_(key) {}
  void only_new_connections() { reuse_ = Reuse::forbidden; }
  // The next connection is to another upstream than the last one, if there is another.
  void avoid_last() { tried_ |= last_; }

 private:
  friend class UpstreamPool;
  std::size_t route_;
  std::string_view identity_;
  std::uint64_t key_;
  Reuse reuse_ = Reuse::allowed;
  Balancer::Members tried_ = 0, last_ = 0;
  std::optional<std::size_t> chosen_;  // by get_idle, for get
};

class UpstreamPool {
 public:
  UpstreamPool(boost::asio::any_io_executor executor, const Config& config, UpstreamTls& tls, Watchdog& watchdog,
               CoreMetrics& metrics, std::shared_ptr<UpstreamNames> names, UpstreamHealths& healths);

  // An idle connection of this identity to the upstream whose turn it is, found without a coroutine. Null: call get().
  [[nodiscard]] UpstreamPtr get_idle(Wanted& wanted);
  // An idle connection of this identity, or a new one. Where one upstream cannot be reached, another one is tried, since
  // nothing of the request was sent; fails if none can.
  boost::asio::awaitable<Checked<UpstreamPtr>> get(Wanted& wanted);
  // Keeps the connection for its identity's next request. The caller has read the response to its end.
  void keep(UpstreamPtr connection);
  // The request on this connection got no answer.
  void failed(const UpstreamConnection& connection, Trouble trouble, std::string_view why);
  void sweep(Clock::time_point now);  // closes connections that were idle too long
  void clear() {
    idle_.clear();
    idle_count_ = 0;
  }
  // Another pool serves new requests: keeps no more connections.
  void retire() {
    clear();
    retired_ = true;
  }
  void set_lookup(UpstreamNames::Lookup lookup) { connector_.set_lookup(std::move(lookup)); }  // for tests
  [[nodiscard]] UpstreamConnector& connector() { return connector_; }
  [[nodiscard]] std::size_t idle() const { return idle_count_; }
  [[nodiscard]] const Upstream& upstream(std::size_t number) const {
    return targets_[number].health->back_end().upstream;
  }
  [[nodiscard]] const std::string& name(std::size_t number) const { return targets_[number].health->name(); }

 private:
  struct Target {
    std::shared_ptr<UpstreamHealth> health;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  using IdleMap = std::unordered_map<std::string, std::vector<UpstreamPtr>, Hash, std::equal_to<>>;

  [[nodiscard]] std::size_t target_of(const Route& route, const Upstream& upstream, UpstreamHealths& healths);
  // The number of the member to try, which counts as the last one tried; nothing: all were tried.
  [[nodiscard]] std::optional<std::size_t> choose(Wanted& wanted, Clock::time_point now);
  [[nodiscard]] UpstreamPtr take(std::size_t target, std::string_view identity);
  [[nodiscard]] UpstreamPtr in_use(UpstreamPtr connection);
  std::string_view key(std::size_t target, std::string_view identity);

  const Config& config_;
  CoreMetrics& metrics_;
  UpstreamConnector connector_;
  std::vector<Target> targets_;
  struct OfRoute {
    Balancer balancer;
    std::chrono::seconds connect_timeout;
  };
  std::vector<OfRoute> routes_;
  IdleMap idle_;
  std::size_t idle_count_ = 0;
  bool retired_ = false;
  std::string key_;
};

}  // namespace stead::proxy
