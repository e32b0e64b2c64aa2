#include "proxy/admin/status_json.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/admin/json.h"
#include "proxy/admin/totals.h"

namespace stead::proxy {
namespace {

std::string texts(const std::vector<std::string>& values) {
  Json out('[');
  for (const std::string& value : values) out.text("", value);
  return out.end();
}

std::string routes(const std::vector<Route>& all) {
  Json out('[');
  for (const Route& route : all) {
    std::vector<std::string> methods, upstreams;
    for (const SignInMethod method : route.sign_in) methods.emplace_back(to_string(method));
    for (const Upstream& upstream : route.upstreams) upstreams.push_back(to_string(upstream));
    out.item(Json('{')
                 .text("host", route.host)
                 .text("path", route.path)
                 .raw("sign_in", texts(methods))
                 .text("spn", route.spn)
                 .text("delegation", to_string(route.delegation))
                 .raw("upstreams", texts(upstreams))
                 .end());
  }
  return out.end();
}

std::string upstreams(const UpstreamHealths& healths) {
  Json out('[');
  for (const auto& health : healths.all()) {
    const auto report = health->report(Clock::now());
    out.item(Json('{')
                 .text("upstream", to_string(health->back_end().upstream))
                 .text("state", report.drained ? "drained"
                                : report.up    ? "up"
                                               : "out")
                 .text("why", report.why)
                 .number("requests", report.in_flight)
                 .number("outages", report.outages)
                 .number("failed_checks", report.failed_checks)
                 .end());
  }
  return out.end();
}

std::string failures(const Cores& cores) {
  Json out('[');
  for (const FailureNote& note : last_failures(cores))
    out.item(Json('{')
                 .text("time", rfc3339(note.at))
                 .text("request_id", note.request_id)
                 .number("status", static_cast<std::uint64_t>(note.status))
                 .text("user", note.user)
                 .text("spn", note.spn)
                 .text("summary", note.summary)
                 .end());
  return out.end();
}

std::string refusals(const std::vector<FailedRequest>& refused_sign_ins) {
  Json out('[');
  for (const FailedRequest& one : refused_sign_ins)
    out.item(Json('{')
                 .text("time", rfc3339(one.at))
                 .text("request_id", one.request_id)
                 .text("event", one.refusal.event)
                 .text("user", one.user)
                 .text("method", one.refusal.method)
                 .text("address", one.address)
                 .text("reason", one.refusal.reason)
                 .end());
  return out.end();
}

}  // namespace

std::string status_json(const Cores& cores, const ServerState& state,
                        const std::vector<FailedRequest>& refused_sign_ins) {
  const Config& config = cores.front()->now->config();
  return Json('{')
             .text("version", STEAD_VERSION)
             .text("started", rfc3339(state.started))
             .raw("ready", state.ready ? "true" : "false")
             .text("configuration", config.file)
             .text("principal", config.client.principal)
             .number("requests", requests_from(cores, 0))
             .number("refused", requests_refused(cores))
             .number("failed", requests_from(cores, 500))
             .number("connections", sum_of(cores, &CoreMetrics::client_connections_now))
             .raw("routes", routes(config.routes))
             .raw("upstreams", upstreams(*cores.front()->healths))
             .raw("refused_sign_ins", refusals(refused_sign_ins))
             .raw("failures", failures(cores))
             .end() +
         "\n";
}

}  // namespace stead::proxy
