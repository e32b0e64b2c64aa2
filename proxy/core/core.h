#pragma once
// What belongs to one core: its event loop, and all that the connections on it use without a lock.
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <memory>
#include <utility>

#include "proxy/config/config.h"
#include "proxy/core/client_connections.h"
#include "proxy/core/server_tls.h"
#include "proxy/http/http_date.h"
#include "proxy/http/stream.h"
#include "proxy/observe/access_log.h"
#include "proxy/observe/metrics.h"
#include "proxy/observe/request_ids.h"
#include "proxy/sign_in/sign_in.h"
#include "proxy/tickets/backend_tickets.h"
#include "proxy/upstream/forward_job.h"
#include "proxy/upstream/open_tunnels.h"
#include "proxy/upstream/refused_tokens.h"
#include "proxy/upstream/router.h"
#include "proxy/upstream/upstream_pool.h"
#include "proxy/upstream/upstream_tls.h"

namespace stead::proxy {

// Shared by all cores, and constant while they run.
struct Shared {
  Config config;
  Router router{config.routes};
  std::unique_ptr<UpstreamTls> upstream_tls;
  std::unique_ptr<LogWriter> access_log;
  std::unique_ptr<LogWriter> messages, audit_log;  // null in tests, and without a file for the audit log

  explicit Shared(Config given) : config(std::move(given)) {}
};

struct Core {
  Core(unsigned number, Shared& common);
  ~Core();
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  unsigned index;
  Shared& shared;
  boost::asio::io_context io{1};
  std::shared_ptr<ServerTls> server_tls;    // null: plain HTTP; replaced when its files have changed
  std::shared_ptr<BackendTickets> tickets;  // null: no route needs one
  std::shared_ptr<SignIn> sign_in;          // null: no route requires a user
  Watchdog watchdog;
  CoreMetrics metrics;
  UpstreamPool pool;
  AccessLogWriter log;
  RequestIds request_ids;
  HttpDate date;
  RefusedTokens refused_tokens;
  OpenTunnels tunnels;
  ClientConnections clients;
  bool draining = false;
  const ForwardContext forwarding;  // refers to the members above

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
