#include "proxy/load_generation.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "proxy/process/file_watch.h"

namespace stead::proxy {
namespace {

bool signs_users_in(const Config& config) {
  return config.kerberos || config.forms || config.certificate_sign_in ||
         std::any_of(config.routes.begin(), config.routes.end(),
                     [](const Route& route) { return !route.sign_in.empty(); });
}

Checked<TicketsOfCores> load_tickets(const ClientOptions& options, const LoadContext& context, const Loaded& before) {
  if (!before.settings || before.tickets.empty())
    return open_backend_tickets(context.executors, options, context.on_step);
  return reopen_backend_tickets(context.executors, options, context.on_step, before.settings->config.client,
                                before.tickets);
}

}  // namespace

std::shared_ptr<Generation> Loaded::generation_of(Core& core) const {
  auto made = std::make_shared<Generation>(settings, core);
  made->server_tls = server_tls;
  if (!tickets.empty()) made->tickets = tickets[core.index];
  if (!sign_in.empty()) made->sign_in = sign_in[core.index];
  return made;
}

Checked<Loaded> load_generation(Config config, const LoadContext& context, const Loaded& before) {
  Loaded out;
  out.tls_files = FileWatch::state_of(ServerTls::files(config));
  auto tls = ServerTls::open(config, context.ticket_keys);
  if (!tls) return tls.error();
  out.server_tls = std::move(*tls);
  auto settings = Settings::open(std::move(config));
  if (!settings) return settings.error();
  out.settings = std::move(*settings);
  const Config& read = out.settings->config;
  if (!signs_users_in(read)) return out;
  auto tickets = load_tickets(read.client, context, before);
  if (!tickets) return tickets.error();
  out.tickets = std::move(*tickets);
  auto sign_in = make_sign_in(read, out.tickets, context.memory);
  if (!sign_in) return sign_in.error();
  out.sign_in = std::move(*sign_in);
  return out;
}

void warn_of_routes(const Config& config) {
  for (const Route& route : config.routes)
    if (!route.has_one_host() && !route.upstreams.empty() && route.upstream_host == UpstreamHost::client)
      spdlog::warn(
          "the route of {} names no host: its back end gets whatever Host a client sends; set host or upstream_host",
          route.path);
}

}  // namespace stead::proxy
