#pragma once
// Connections to back ends, one pool for each core. A back end may bind the user of a Negotiate token to the connection
// that carried it. Therefore a connection belongs to the identity that first used it, for its whole life: the identity
// is part of the key by which it is found.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "proxy/config/config.h"
#include "proxy/http/stream.h"
#include "proxy/observe/metrics.h"
#include "proxy/upstream/upstream_names.h"
#include "proxy/upstream/upstream_tls.h"
#include "sspi_shim/base/problem.h"

namespace stead::proxy {

struct UpstreamConnection {
  UpstreamConnection(boost::asio::ip::tcp::socket socket, Watchdog& watchdog, std::size_t target, std::string owner)
      : stream(std::move(socket), watchdog), upstream(target), identity(std::move(owner)) {}
  Stream stream;
  ReadBuffer buffer;
  std::size_t upstream;                // its number in the pool
  std::string identity;                // its owner; empty for public routes
  std::vector<std::uint8_t> bindings;  // channel bindings of the back end's certificate; empty on plain HTTP
  bool reused = false;
  Clock::time_point idle_since{};
};
using UpstreamPtr = std::unique_ptr<UpstreamConnection>;

enum class Reuse { allowed, forbidden };  // of idle connections

class UpstreamPool {
 public:
  UpstreamPool(boost::asio::any_io_executor executor, const Config& config, UpstreamTls& tls, Watchdog& watchdog,
               CoreMetrics& metrics, std::shared_ptr<UpstreamNames> names);

  // An idle connection of this identity to the next upstream in turn, found without a coroutine. Null: call get().
  [[nodiscard]] UpstreamPtr get_idle(std::size_t route, std::string_view identity);
  // An idle connection of this identity to one of the route's upstreams, or a new one. Tries the other upstreams if one
  // does not answer; fails if none does.
  boost::asio::awaitable<Checked<UpstreamPtr>> get(std::size_t route, std::string_view identity, Reuse reuse);
  // Keeps the connection for its identity's next request. The caller has read the response to its end.
  void keep(UpstreamPtr connection);
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
  void set_lookup(UpstreamNames::Lookup lookup) {  // for tests, in place of the system's resolver
    names_ = std::make_shared<UpstreamNames>(executor_, std::move(lookup));
  }
  [[nodiscard]] std::size_t idle() const { return idle_count_; }
  [[nodiscard]] const Upstream& upstream(std::size_t number) const { return *targets_[number].upstream; }
  [[nodiscard]] const std::string& name(std::size_t number) const { return targets_[number].name; }

 private:
  struct Target {
    const Upstream* upstream;
    const Route* route;
    std::string name;  // "127.0.0.1:9001"
    int failures = 0;
    Clock::time_point avoid_until{};
  };
  struct Rotation {
    std::vector<std::size_t> targets;
    std::size_t next = 0;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  using IdleMap = std::unordered_map<std::string, std::vector<UpstreamPtr>, Hash, std::equal_to<>>;

  [[nodiscard]] UpstreamPtr take(std::size_t target, std::string_view identity);
  boost::asio::awaitable<Checked<UpstreamPtr>> connect(std::size_t target, std::string identity);
  boost::asio::awaitable<UpstreamNames::Endpoints> resolve(const Upstream& upstream, Error& error);
  boost::asio::awaitable<Error> open(UpstreamConnection& connection, boost::asio::ip::tcp::endpoint endpoint,
                                     const Target& target);
  std::string_view key(std::size_t target, std::string_view identity);

  boost::asio::any_io_executor executor_;
  const Config& config_;
  UpstreamTls& tls_;
  Watchdog& watchdog_;
  CoreMetrics& metrics_;
  std::vector<Target> targets_;
  std::vector<Rotation> routes_;
  std::shared_ptr<UpstreamNames> names_;
  IdleMap idle_;
  std::size_t idle_count_ = 0;
  bool retired_ = false;
  std::string key_;
};

}  // namespace stead::proxy
