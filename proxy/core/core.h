#pragma once
// What belongs to one core: its event loop, and all that the connections on it use without a lock.
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "proxy/core/client_connections.h"
#include "proxy/core/drain_listener.h"
#include "proxy/core/generation.h"
#include "proxy/core/limit_watch.h"
#include "proxy/core/request_rates.h"
#include "proxy/http/http_date.h"
#include "proxy/http/stream.h"
#include "proxy/observe/access_log.h"
#include "proxy/observe/failed_requests.h"
#include "proxy/observe/metrics.h"
#include "proxy/observe/request_ids.h"
#include "proxy/upstream/backends/upstream_health.h"
#include "proxy/upstream/backends/upstream_names.h"
#include "proxy/upstream/open_tunnels.h"
#include "stead/s4u.h"

namespace stead::proxy {

// The last answer of a KDC to this core's request for the proxy's own TGT.
struct OwnSignOn {
  std::chrono::system_clock::time_point at;  // the epoch: none was asked for
  std::string answer;                        // "ticket", or the error
  std::string controller;
  [[nodiscard]] bool asked() const { return !answer.empty(); }
  [[nodiscard]] bool granted() const { return answer == "ticket"; }
  // Of the steps of all exchanges, those for our own TGT.
  void note(const TraceStep& step);
};

// Shared by all cores. Open as long as the process runs.
struct Logs {
  std::unique_ptr<LogWriter> access_log;
  std::unique_ptr<LogWriter> messages, audit_log;  // null in tests, and without a file for the audit log
};

struct Core {
  Core(unsigned number, const Logs& common);
  ~Core();
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  unsigned index;
  const Logs& logs;
  boost::asio::io_context io{1};
  Watchdog watchdog;
  CoreMetrics metrics;
  AccessLogWriter log;
  FailedRequests failed;
  OwnSignOn own_sign_on;
  RequestIds request_ids;
  HttpDate date;
  OpenTunnels tunnels;
  ClientConnections clients;
  LimitWatch limits;
  DrainListeners drain_listeners;
  bool draining = false;
  const std::shared_ptr<UpstreamNames> names;  // of all generations: a lookup may take longer than one lasts
  // Of the whole process; a core that stands alone has its own.
  std::shared_ptr<UpstreamHealths> healths = std::make_shared<UpstreamHealths>();
  std::shared_ptr<RequestRates> rates = std::make_shared<RequestRates>();
  std::shared_ptr<Generation> now;  // never null once the core runs; refers to the members above

  // From the next request on.
  void begin(std::shared_ptr<Generation> next);
  void start_ticking();
  // From now on. Tunnels that a client certificate opened end: it may have been revoked, and a new handshake tells.
  void replace_server_tls(std::shared_ptr<ServerTls> tls);
  // Closes the tunnels whose sessions are over.
  void end_tunnels();
  // Takes no new requests: closes idle connections, and the others after their response.
  void drain();
  // Closes all connections. Called after the loop's thread has ended.
  void end_connections();

 private:
  void tick();
  boost::asio::steady_timer timer_;
  unsigned ticks_ = 0;
};

}  // namespace stead::proxy
