#include "proxy/admin/status_page.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/pages/render.h"

namespace stead::proxy {
namespace {

constexpr std::string_view kHead =
    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>stead-proxy</title><style>"
    "body{font:15px/1.5 system-ui,sans-serif;margin:2rem;color:#1c2430}"
    "th,td{text-align:left;vertical-align:top;padding:.15rem 1.5rem .15rem 0}th{font-weight:600}"
    "table{border-collapse:collapse}pre{background:#f3f5f8;padding:.75rem;overflow:auto}"
    "article{border-top:1px solid #d5dbe3;padding:.5rem 0}"
    "h1{font-size:1.4rem}h2{font-size:1.15rem}h3{font-size:1rem;margin:.25rem 0}</style></head><body>\n"
    "<h1>stead-proxy " STEAD_VERSION "</h1>\n";

void add_row(std::string& html, std::string_view name, const std::string& value) {
  html.append("<tr><th scope=\"row\">").append(name).append("</th><td>").append(escape_html(value));
  html.append("</td></tr>\n");
}

std::string sum(const Cores& cores, Counter CoreMetrics::* counter) {
  std::uint64_t total = 0;
  for (const auto& core : cores) total += (core->metrics.*counter).value();
  return std::to_string(total);
}

// Requests that were answered with `lowest` or a higher status.
std::string count_requests(const Cores& cores, std::size_t lowest) {
  std::uint64_t total = 0;
  for (const auto& core : cores) {
    const auto& by_status = core->metrics.requests_by_status;
    for (std::size_t status = lowest; status < by_status.size(); ++status) total += by_status[status].value();
  }
  return std::to_string(total);
}

void add_totals(std::string& html, const Cores& cores, const ServerState& state) {
  html += "<table>\n";
  add_row(html, "Running since", rfc3339(state.started));
  add_row(html, "Accepts new requests", state.ready ? "yes" : "no");
  add_row(html, "Principal", cores.front()->now->config().client.principal);
  add_row(html, "Requests", count_requests(cores, 0));
  add_row(html, "Responses with status 500 and above", count_requests(cores, 500));
  add_row(html, "Open client connections", sum(cores, &CoreMetrics::client_connections_now));
  add_row(html, "Tokens made for back ends", sum(cores, &CoreMetrics::tokens_made));
  add_row(html, "Delegations refused", sum(cores, &CoreMetrics::tickets_refused));
  html += "</table>\n";
}

void add_routes(std::string& html, const std::vector<Route>& routes) {
  html += "<h2>Routes</h2>\n<table>\n<tr><th>Host and path</th><th>Sign-in</th><th>SPN</th><th>Back ends</th></tr>\n";
  for (const Route& route : routes) {
    std::string methods, upstreams;
    for (const SignInMethod method : route.sign_in)
      methods.append(methods.empty() ? "" : ", ").append(to_string(method));
    for (const Upstream& upstream : route.upstreams)
      upstreams.append(upstreams.empty() ? "" : ", ").append(to_string(upstream));
    html += "<tr><td>" + escape_html((route.host.empty() ? "any" : route.host) + " " + route.path) + "</td><td>" +
            (methods.empty() ? "public" : methods) + "</td><td>" + escape_html(route.spn) + "</td><td>" +
            escape_html(upstreams) + "</td></tr>\n";
  }
  html += "</table>\n";
}

void add_upstreams(std::string& html, const UpstreamHealths& healths) {
  html +=
      "<h2>Back ends</h2>\n<table>\n<tr><th>Back end</th><th>Check</th><th>State</th><th>Requests now</th>"
      "<th>Outages</th></tr>\n";
  for (const auto& health : healths.all()) {
    const BackEnd& back_end = health->back_end();
    const auto report = health->report(Clock::now());
    const std::string state =
        report.up ? "up" : "out for " + std::to_string(report.since.count()) + " s: " + report.why;
    html += "<tr><td>" + escape_html(to_string(back_end.upstream)) + "</td><td>" +
            escape_html(back_end.check ? back_end.check->path : "") + "</td><td>" + escape_html(state) + "</td><td>" +
            std::to_string(report.in_flight) + "</td><td>" + std::to_string(report.outages) + "</td></tr>\n";
  }
  html += "</table>\n";
}

void add_failures(std::string& html, const Cores& cores) {
  std::vector<FailureNote> failures;
  for (const auto& core : cores)
    for (FailureNote& note : core->metrics.failures()) failures.push_back(std::move(note));
  std::sort(failures.begin(), failures.end(), [](const FailureNote& a, const FailureNote& b) { return a.at > b.at; });
  html += "<h2>Recent failures</h2>\n";
  if (failures.empty()) html += "<p>None.</p>\n";
  for (const FailureNote& note : failures) {
    const std::string id = escape_html(note.request_id);
    html += "<article id=\"" + id + "\"><h3>" + rfc3339(note.at) + " · " + std::to_string(note.status) +
            " · request id " + id + "</h3>\n<p>" + escape_html(note.user.empty() ? "not signed in" : note.user);
    if (!note.spn.empty()) html += " to " + escape_html(note.spn);
    html += ": " + escape_html(note.summary) + "</p>\n";
    if (!note.steps.empty()) html += "<pre>" + escape_html(note.steps) + "</pre>\n";
    html += "</article>\n";
  }
}

}  // namespace

std::string status_page(const Cores& cores, const ServerState& state) {
  std::string html(kHead);
  add_totals(html, cores, state);
  add_routes(html, cores.front()->now->config().routes);
  add_upstreams(html, *cores.front()->healths);
  add_failures(html, cores);
  return html + "</body></html>\n";
}

}  // namespace stead::proxy
