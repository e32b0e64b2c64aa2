#include "proxy/core/generation.h"

#include <memory>
#include <utility>

#include "proxy/core/core.h"

namespace stead::proxy {

Checked<std::shared_ptr<const Settings>> Settings::open(Config config) {
  const std::shared_ptr<Settings> settings(new Settings(std::move(config)));
  auto upstream_tls = UpstreamTls::open(settings->config);
  if (!upstream_tls) return upstream_tls.error();
  settings->upstream_tls = std::move(*upstream_tls);
  return std::shared_ptr<const Settings>(settings);
}

Generation::Generation(std::shared_ptr<const Settings> made, Core& core)
    : settings(std::move(made)),
      pool(core.io.get_executor(), settings->config, *settings->upstream_tls, core.watchdog, core.metrics, core.names,
           *core.healths),
      health_checker(core.io.get_executor(), *core.healths, pool.connector(),
                     [this] { return tickets ? &tickets->client() : nullptr; }),
      forwarding{.executor = core.io.get_executor(),
                 .limits = settings->config.limits,
                 .pool = pool,
                 .metrics = core.metrics,
                 .refused_tokens = refused_tokens,
                 .tickets = tickets,
                 .draining = core.draining,
                 .tunnels = core.tunnels,
                 .date = core.date} {}

}  // namespace stead::proxy
