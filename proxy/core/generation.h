#pragma once
// What one reading of the configuration file makes. A reload makes the next generation: each core replaces its pointer in
// its own loop. A request keeps the generation that it began with until its end, a WebSocket until it closes.
#include <memory>
#include <utility>

#include "proxy/config/config.h"
#include "proxy/sign_in/sign_in.h"
#include "proxy/tickets/backend_tickets.h"
#include "proxy/tls/server_tls.h"
#include "proxy/upstream/backends/health_checker.h"
#include "proxy/upstream/backends/upstream_tls.h"
#include "proxy/upstream/forward_job.h"
#include "proxy/upstream/refused_tokens.h"
#include "proxy/upstream/router.h"
#include "proxy/upstream/upstream_pool.h"

namespace stead::proxy {

struct Core;

// Shared by all cores, and constant.
struct Settings {
  Config config;
  Router router{config.routes};
  std::unique_ptr<UpstreamTls> upstream_tls;

  // Reads the CAs of upstreams. Blocking.
  [[nodiscard]] static Checked<std::shared_ptr<const Settings>> open(Config config);

 private:
  explicit Settings(Config given) : config(std::move(given)) {}
};

// One core's parts. Used in its loop only.
struct Generation {
  Generation(std::shared_ptr<const Settings> made, Core& core);
  Generation(const Generation&) = delete;
  Generation& operator=(const Generation&) = delete;

  std::shared_ptr<const Settings> settings;
  std::shared_ptr<ServerTls> server_tls;    // null: plain HTTP; replaced when its files have changed
  std::shared_ptr<BackendTickets> tickets;  // null: no route needs one
  std::shared_ptr<SignIn> sign_in;          // null: no route requires a user
  UpstreamPool pool;
  HealthChecker health_checker;
  RefusedTokens refused_tokens;
  const ForwardContext forwarding;  // refers to the members above and to the core

  [[nodiscard]] const Config& config() const { return settings->config; }
};

}  // namespace stead::proxy
