#include "proxy/admin/status_page.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/admin/totals.h"
#include "proxy/observe/log_text.h"
#include "proxy/pages/render.h"

namespace stead::proxy {
namespace {

constexpr std::string_view kHead =
    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
    "content=\"width=device-width\"><title>stead-proxy</title><style>"
    ":root{color-scheme:light dark;--line:#c3cbd6;--soft:#f3f5f8;--text:#1c2430;--good:#1a7f37;--bad:#c0272d;"
    "--wait:#8a5a00;--bar:#1f5fa8}"
    "@media(prefers-color-scheme:dark){:root{--line:#475263;--soft:#1d242e;--text:#e6eaf0;--good:#4cc26b;"
    "--bad:#ff7b72;--wait:#e0a83a;--bar:#6fa8e8}}"
    "body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;padding:0 1rem;max-width:72rem;color:var(--text)}"
    "th,td{text-align:left;vertical-align:top;padding:.3rem 1.5rem .3rem 0;border-bottom:1px solid var(--line)}"
    "th{font-weight:600}table{border-collapse:collapse;width:100%}"
    "pre{background:var(--soft);padding:.75rem;overflow:auto}article{border-top:1px solid var(--line);padding:.5rem 0}"
    "figure{margin:0;flex:1 1 20rem}svg{max-width:100%;background:var(--soft)}.charts{display:flex;flex-wrap:wrap;"
    "gap:1rem}.up{color:var(--good)}.out{color:var(--bad)}.drained{color:var(--wait)}"
    "h1{font-size:1.4rem}h2{font-size:1.15rem;margin-top:2rem}h3{font-size:1rem;margin:.25rem 0}"
    "</style></head><body>\n<h1>stead-proxy " STEAD_VERSION "</h1>\n";

void add_row(std::string& html, std::string_view name, const std::string& value) {
  html.append("<tr><th scope=\"row\">").append(name).append("</th><td>").append(escape_html(value));
  html.append("</td></tr>\n");
}

void add_totals(std::string& html, const Cores& cores, const ServerState& state) {
  html += "<table>\n";
  add_row(html, "Running since", rfc3339(state.started));
  add_row(html, "Accepts new requests", state.ready ? "yes" : "no");
  add_row(html, "Principal", cores.front()->now->config().client.principal);
  add_row(html, "Requests", std::to_string(requests_from(cores, 0)));
  add_row(html, "Responses with status 500 and above", std::to_string(requests_from(cores, 500)));
  add_row(html, "Open client connections", std::to_string(sum_of(cores, &CoreMetrics::client_connections_now)));
  add_row(html, "Tokens made for back ends", std::to_string(sum_of(cores, &CoreMetrics::tokens_made)));
  add_row(html, "Delegations refused", std::to_string(sum_of(cores, &CoreMetrics::tickets_refused)));
  html += "</table>\n";
}

void add_charts(std::string& html, const std::vector<RequestTotals>& minutes) {
  std::vector<std::uint64_t> requests, refused, failed;
  for (const RequestTotals& minute : minutes) {
    requests.push_back(minute.requests);
    refused.push_back(minute.refused);
    failed.push_back(minute.failed);
  }
  html += "<h2>The last hour</h2>\n<div class=\"charts\">\n";
  html += bar_chart("Requests", requests, "var(--bar)");
  html += bar_chart("Refused (403, 429)", refused, "var(--wait)");
  html += bar_chart("Failed (500 and above)", failed, "var(--bad)");
  html += "</div>\n";
}

// In words and not by colour alone.
std::string state_of(const UpstreamHealth& health) {
  const auto report = health.report(Clock::now());
  if (report.drained) return "<span class=\"drained\">■ drained</span>";
  if (report.up) return "<span class=\"up\">● up</span>";
  return "<span class=\"out\">▲ out for " + std::to_string(report.since.count()) + " s: " + escape_html(report.why) +
         "</span>";
}

void add_routes(std::string& html, const std::vector<Route>& routes, UpstreamHealths& healths) {
  html +=
      "<h2>Routes</h2>\n<table>\n<tr><th scope=\"col\">Host and path</th><th scope=\"col\">Sign-in</th>"
      "<th scope=\"col\">SPN</th><th scope=\"col\">Back ends</th></tr>\n";
  for (const Route& route : routes) {
    std::string methods, upstreams;
    for (const SignInMethod method : route.sign_in)
      methods.append(methods.empty() ? "" : ", ").append(to_string(method));
    for (const Upstream& upstream : route.upstreams) {
      const auto health = healths.of(BackEnd::of(route, upstream));
      upstreams += (upstreams.empty() ? "" : "<br>") + escape_html(to_string(upstream)) + " " + state_of(*health);
    }
    if (route.redirect) upstreams = "redirects to " + escape_html(route.redirect->to);
    if (route.answer) upstreams = "answers " + std::to_string(route.answer->status);
    if (!route.serves_clients()) upstreams = "for other proxies, at auth_listen";
    html += "<tr><td>" + escape_html((route.host.empty() ? "any" : route.host) + " " + route.path) + "</td><td>" +
            (methods.empty() ? "public" : methods) + "</td><td>" + escape_html(route.spn) + "</td><td>" + upstreams +
            "</td></tr>\n";
  }
  html += "</table>\n";
}

void add_upstreams(std::string& html, const UpstreamHealths& healths) {
  html +=
      "<h2>Back ends</h2>\n<table>\n<tr><th scope=\"col\">Back end</th><th scope=\"col\">Check</th><th "
      "scope=\"col\">State</th><th scope=\"col\">Requests now</th><th scope=\"col\">Outages</th></tr>\n";
  for (const auto& health : healths.all()) {
    const BackEnd& back_end = health->back_end();
    const auto report = health->report(Clock::now());
    html += "<tr><td>" + escape_html(to_string(back_end.upstream)) + "</td><td>" +
            escape_html(back_end.check ? back_end.check->path : "") + "</td><td>" + state_of(*health) + "</td><td>" +
            std::to_string(report.in_flight) + "</td><td>" + std::to_string(report.outages) + "</td></tr>\n";
  }
  html += "</table>\n";
}

// Texts of users and peers: nothing in them is HTML, or hides what stands around it.
std::string shown(std::string_view text) {
  std::string out;
  append_log_text(out, text);
  return escape_html(out);
}

void add_refused_sign_ins(std::string& html, const std::vector<FailedRequest>& refused) {
  html += "<h2>Refused sign-ins</h2>\n";
  if (refused.empty()) {
    html += "<p>None.</p>\n";
    return;
  }
  html +=
      "<table>\n<tr><th scope=\"col\">Time</th><th scope=\"col\">User</th><th scope=\"col\">Address</th>"
      "<th scope=\"col\">Event</th><th scope=\"col\">Reason</th><th scope=\"col\">Request id</th></tr>\n";
  for (const FailedRequest& one : refused) {
    const std::string method = one.refusal.method.empty() ? "" : " (" + shown(one.refusal.method) + ")";
    html += "<tr><td>" + rfc3339(one.at) + "</td><td>" + (one.user.empty() ? "not known" : shown(one.user)) +
            "</td><td>" + shown(one.address) + "</td><td>" + shown(one.refusal.event) + method + "</td><td>" +
            shown(one.refusal.reason) + "</td><td>" + shown(one.request_id) + "</td></tr>\n";
  }
  html += "</table>\n";
}

void add_failures(std::string& html, const Cores& cores) {
  const std::vector<FailureNote> failures = last_failures(cores);
  html += "<h2>Recent failures</h2>\n";
  if (failures.empty()) html += "<p>None.</p>\n";
  for (const FailureNote& note : failures) {
    const std::string id = escape_html(note.request_id);
    html += "<article id=\"" + id + "\"><h3>" + rfc3339(note.at) + " · " + std::to_string(note.status) +
            " · request id " + id + "</h3>\n<p>" + shown(note.user.empty() ? "not signed in" : note.user);
    if (!note.spn.empty()) html += " to " + shown(note.spn);
    html += ": " + shown(note.summary) + "</p>\n";
    if (!note.steps.empty()) html += "<pre>" + escape_html(note.steps) + "</pre>\n";
    html += "</article>\n";
  }
}

}  // namespace

std::string status_page(const Cores& cores, const ServerState& state, const std::vector<RequestTotals>& minutes,
                        const std::vector<FailedRequest>& refused_sign_ins) {
  std::string html(kHead);
  add_totals(html, cores, state);
  add_charts(html, minutes);
  add_routes(html, cores.front()->now->config().routes, *cores.front()->healths);
  add_upstreams(html, *cores.front()->healths);
  add_refused_sign_ins(html, refused_sign_ins);
  add_failures(html, cores);
  return html + "</body></html>\n";
}

}  // namespace stead::proxy
