#include "proxy/admin.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>

#include "proxy/http/message_head.h"
#include "proxy/http/request_rules.h"
#include "proxy/http/target.h"
#include "proxy/sign_in/own_pages.h"

namespace stead::proxy {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

using Cores = std::vector<std::unique_ptr<Core>>;
using Labels = std::vector<ClientMetric::Label>;

MetricFamily family(std::string name, std::string help, MetricType type = MetricType::Counter) {
  MetricFamily out;
  out.name = std::move(name);
  out.help = std::move(help);
  out.type = type;
  return out;
}
void add(MetricFamily& family, double value, Labels labels = {}) {
  ClientMetric metric;
  metric.label = std::move(labels);
  (family.type == MetricType::Gauge ? metric.gauge.value : metric.counter.value) = value;
  family.metric.push_back(std::move(metric));
}
double sum(const Cores& cores, Counter CoreMetrics::* counter) {
  std::uint64_t total = 0;
  for (const auto& core : cores) total += (core->metrics.*counter).value();
  return static_cast<double>(total);
}

std::vector<MetricFamily> request_families(const Cores& cores) {
  MetricFamily requests = family("stead_requests_total", "Requests answered, by status.");
  for (std::size_t status = 0; status < 600; ++status) {
    std::uint64_t count = 0;
    for (const auto& core : cores) count += core->metrics.requests_by_status[status].value();
    if (count > 0) add(requests, static_cast<double>(count), {{"status", std::to_string(status)}});
  }
  MetricFamily times =
      family("stead_request_seconds", "Time from a request's head to its answer's end.", MetricType::Histogram);
  ClientMetric metric;
  std::uint64_t below = 0, microseconds = 0;
  for (std::size_t slot = 0; slot <= CoreMetrics::kSeconds.size(); ++slot) {
    for (const auto& core : cores) below += core->metrics.requests_by_time[slot].value();
    ClientMetric::Bucket bucket;
    bucket.cumulative_count = below;
    bucket.upper_bound =
        slot < CoreMetrics::kSeconds.size() ? CoreMetrics::kSeconds[slot] : std::numeric_limits<double>::infinity();
    metric.histogram.bucket.push_back(bucket);
  }
  for (const auto& core : cores) microseconds += core->metrics.request_microseconds.value();
  metric.histogram.sample_count = below;
  metric.histogram.sample_sum = static_cast<double>(microseconds) / 1e6;
  times.metric.push_back(std::move(metric));
  return {std::move(requests), std::move(times)};
}

// The SDK's own counts, of each core's client.
std::vector<MetricFamily> delegation_families(const Cores& cores) {
  Statistics total;
  for (const auto& core : cores) {
    const Statistics one = core->metrics.statistics();
    total.as_exchanges += one.as_exchanges;
    total.tgs_exchanges += one.tgs_exchanges;
    total.s4u2self_exchanges += one.s4u2self_exchanges;
    total.s4u2proxy_exchanges += one.s4u2proxy_exchanges;
    total.pings += one.pings;
    total.cache_hits += one.cache_hits;
    total.cache_joins += one.cache_joins;
    total.cache_misses += one.cache_misses;
    total.refusals += one.refusals;
    total.timeouts += one.timeouts;
  }
  MetricFamily exchanges = family("stead_kdc_exchanges_total", "Exchanges with KDCs, by kind.");
  add(exchanges, static_cast<double>(total.as_exchanges), {{"exchange", "AS"}});
  add(exchanges, static_cast<double>(total.tgs_exchanges), {{"exchange", "TGS"}});
  add(exchanges, static_cast<double>(total.s4u2self_exchanges), {{"exchange", "S4U2Self"}});
  add(exchanges, static_cast<double>(total.s4u2proxy_exchanges), {{"exchange", "S4U2Proxy"}});
  add(exchanges, static_cast<double>(total.pings), {{"exchange", "ping"}});
  MetricFamily cache = family("stead_ticket_cache_total",
                              "Lookups in the ticket cache: held, joined to an exchange under way, or missed.");
  add(cache, static_cast<double>(total.cache_hits), {{"result", "hit"}});
  add(cache, static_cast<double>(total.cache_joins), {{"result", "join"}});
  add(cache, static_cast<double>(total.cache_misses), {{"result", "miss"}});
  MetricFamily troubles = family("stead_kdc_troubles_total", "Exchanges with KDCs that gave no ticket.");
  add(troubles, static_cast<double>(total.refusals), {{"trouble", "refusal"}});
  add(troubles, static_cast<double>(total.timeouts), {{"trouble", "timeout"}});
  return {std::move(exchanges), std::move(cache), std::move(troubles)};
}

// Every step of the Kerberos client, of all cores together.
std::vector<MetricFamily> kdc_families(const Cores& cores) {
  std::map<KdcTimes::Key, KdcSeries> times;
  std::map<std::pair<std::string, std::string>, std::uint64_t> answers;
  for (const auto& core : cores) core->metrics.kdc.collect(times, answers);
  MetricFamily seconds =
      family("stead_kdc_step_seconds",
             "Time of each exchange with a KDC, and of each search for one, by exchange, realm and controller.",
             MetricType::Histogram);
  for (const auto& [key, series] : times) {
    const auto& [exchange, realm, controller] = key;
    ClientMetric metric;
    metric.label = {{"exchange", exchange}, {"realm", realm}, {"controller", controller}};
    std::uint64_t below = 0;
    for (std::size_t slot = 0; slot < series.count.size(); ++slot) {
      below += series.count[slot];
      ClientMetric::Bucket bucket;
      bucket.cumulative_count = below;
      bucket.upper_bound =
          slot < KdcSeries::kSeconds.size() ? KdcSeries::kSeconds[slot] : std::numeric_limits<double>::infinity();
      metric.histogram.bucket.push_back(bucket);
    }
    metric.histogram.sample_count = below;
    metric.histogram.sample_sum = static_cast<double>(series.microseconds) / 1e6;
    seconds.metric.push_back(std::move(metric));
  }
  MetricFamily said =
      family("stead_kdc_answers_total",
             "What KDCs answered: ticket, referral, an error's symbol, timeout; of a search: found, none.");
  for (const auto& [key, count] : answers)
    add(said, static_cast<double>(count), {{"exchange", key.first}, {"answer", key.second}});
  return {std::move(seconds), std::move(said)};
}

std::vector<MetricFamily> connection_families(const Cores& cores) {
  std::vector<MetricFamily> out;
  const auto counter = [&](const char* name, const char* help, Counter CoreMetrics::* which) {
    out.push_back(family(name, help));
    add(out.back(), sum(cores, which));
  };
  counter("stead_client_connections_total", "Connections accepted from clients.", &CoreMetrics::client_connections);
  out.push_back(family("stead_client_connections", "Connections of clients that are open now.", MetricType::Gauge));
  add(out.back(), sum(cores, &CoreMetrics::client_connections_now));
  counter("stead_tls_failures_total", "TLS handshakes of clients that failed.", &CoreMetrics::tls_failures);
  counter("stead_malformed_requests_total", "Requests refused because they do not hold to HTTP.",
          &CoreMetrics::malformed_requests);
  counter("stead_received_body_bytes_total", "Octets of request bodies.", &CoreMetrics::bytes_from_clients);
  counter("stead_sent_body_bytes_total", "Octets of answers' bodies.", &CoreMetrics::bytes_to_clients);
  counter("stead_upstream_connections_total", "Connections made to back ends.", &CoreMetrics::upstream_connections);
  counter("stead_upstream_reuses_total", "Requests sent on a connection that was there.",
          &CoreMetrics::upstream_reuses);
  counter("stead_upstream_failures_total", "Back ends that could not be reached or gave no answer.",
          &CoreMetrics::upstream_failures);
  counter("stead_upstream_retries_total", "Requests sent once more.", &CoreMetrics::upstream_retries);
  counter("stead_tokens_total", "Negotiate tokens made for back ends.", &CoreMetrics::tokens_made);
  counter("stead_tokens_refused_total", "Negotiate tokens that a back end refused.", &CoreMetrics::tokens_refused);
  counter("stead_replies_rejected_total", "AP-REPs that do not hold.", &CoreMetrics::replies_that_do_not_hold);
  MetricFamily failures = family("stead_ticket_failures_total", "Requests for which no ticket was to be had.");
  add(failures, sum(cores, &CoreMetrics::tickets_refused), {{"reason", "refused"}});
  add(failures, sum(cores, &CoreMetrics::tickets_unreachable), {{"reason", "unreachable"}});
  add(failures, sum(cores, &CoreMetrics::tickets_failed), {{"reason", "other"}});
  out.push_back(std::move(failures));
  return out;
}

void row(std::string& html, std::string_view name, const std::string& value) {
  html.append("<tr><th scope=\"row\">")
      .append(name)
      .append("</th><td>")
      .append(escape_html(value))
      .append("</td></tr>\n");
}

}  // namespace

std::string Admin::metrics() const {
  std::vector<MetricFamily> families = request_families(cores_);
  for (auto* more : {&connection_families, &delegation_families, &kdc_families})
    for (MetricFamily& one : (*more)(cores_)) families.push_back(std::move(one));
  families.push_back(family("stead_ready", "1 while new requests are taken.", MetricType::Gauge));
  add(families.back(), ready_ ? 1 : 0);
  families.push_back(family("stead_build_info", "The version that runs.", MetricType::Gauge));
  add(families.back(), 1, {{"version", STEAD_VERSION}});
  families.push_back(
      family("stead_access_log_dropped_blocks_total", "Blocks of the access log that could not be kept."));
  add(families.back(), static_cast<double>(shared_.access_log->dropped_blocks()));
  return prometheus::TextSerializer().Serialize(families);
}

std::string Admin::status_page() const {
  std::string html =
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>stead-proxy</title>"
      "<style>body{font:15px/1.5 "
      "system-ui,sans-serif;margin:2rem;color:#1c2430}th,td{text-align:left;vertical-align:top;padding:.15rem 1.5rem "
      ".15rem 0}th{font-weight:600}"
      "table{border-collapse:collapse}pre{background:#f3f5f8;padding:.75rem;overflow:auto}article{border-top:1px solid "
      "#d5dbe3;padding:.5rem 0}"
      "h1{font-size:1.4rem}h2{font-size:1.15rem}h3{font-size:1rem;margin:.25rem "
      "0}</style></head><body>\n<h1>stead-proxy " STEAD_VERSION "</h1>\n<table>\n";
  std::uint64_t requests = 0, failed = 0;
  for (const auto& core : cores_)
    for (std::size_t status = 0; status < 600; ++status) {
      const std::uint64_t count = core->metrics.requests_by_status[status].value();
      requests += count;
      if (status >= 500) failed += count;
    }
  row(html, "Running since", rfc3339(started_));
  row(html, "Takes new requests", ready_ ? "yes" : "no");
  row(html, "Principal", shared_.config.client.principal);
  row(html, "Requests", std::to_string(requests));
  row(html, "Answers of 500 and above", std::to_string(failed));
  row(html, "Connections of clients now",
      std::to_string(static_cast<std::uint64_t>(sum(cores_, &CoreMetrics::client_connections_now))));
  row(html, "Tokens made for back ends",
      std::to_string(static_cast<std::uint64_t>(sum(cores_, &CoreMetrics::tokens_made))));
  row(html, "Delegations refused",
      std::to_string(static_cast<std::uint64_t>(sum(cores_, &CoreMetrics::tickets_refused))));
  html +=
      "</table>\n<h2>Routes</h2>\n<table>\n<tr><th>Host and "
      "path</th><th>Sign-in</th><th>SPN</th><th>Upstreams</th></tr>\n";
  for (const Route& route : shared_.config.routes) {
    std::string methods, upstreams;
    for (const SignInMethod method : route.sign_in)
      methods.append(methods.empty() ? "" : ", ").append(to_string(method));
    for (const Upstream& upstream : route.upstreams)
      upstreams.append(upstreams.empty() ? "" : ", ")
          .append(upstream.tls ? "https://" : "http://")
          .append(upstream.host)
          .append(":")
          .append(std::to_string(upstream.port));
    html += "<tr><td>" + escape_html((route.host.empty() ? "any" : route.host) + " " + route.path) + "</td><td>" +
            (methods.empty() ? "public" : methods) + "</td><td>" + escape_html(route.spn) + "</td><td>" +
            escape_html(upstreams) + "</td></tr>\n";
  }
  html += "</table>\n<h2>Recent failures</h2>\n";
  std::vector<FailureNote> failures;
  for (const auto& core : cores_)
    for (FailureNote& note : core->metrics.failures()) failures.push_back(std::move(note));
  std::sort(failures.begin(), failures.end(), [](const FailureNote& a, const FailureNote& b) { return a.at > b.at; });
  if (failures.empty()) html += "<p>None.</p>\n";
  for (const FailureNote& note : failures) {
    html += "<article id=\"" + escape_html(note.request_id) + "\"><h3>" + rfc3339(note.at) + " · " +
            std::to_string(note.status) + " · request " + escape_html(note.request_id) + "</h3>\n<p>" +
            escape_html(note.user.empty() ? "nobody signed in" : note.user) +
            (note.spn.empty() ? std::string() : " to " + escape_html(note.spn)) + ": " + escape_html(note.summary) +
            "</p>\n";
    if (!note.steps.empty()) html += "<pre>" + escape_html(note.steps) + "</pre>\n";
    html += "</article>\n";
  }
  return html + "</body></html>\n";
}

OwnResponse Admin::respond(std::string_view path) const {
  OwnResponse out;
  out.headers = {{"Content-Type", "text/plain; charset=utf-8"},
                 {"Cache-Control", "no-store"},
                 {"X-Content-Type-Options", "nosniff"}};
  if (path == "/healthz") {
    out.body = "ok\n";
  } else if (path == "/readyz") {
    out.status = ready_ ? 200 : 503;
    out.body = ready_ ? "ready\n" : "draining\n";
  } else if (path == "/metrics") {
    out.headers[0].second = "text/plain; version=0.0.4; charset=utf-8";
    out.body = metrics();
  } else if (path == "/status") {
    out.headers[0].second = "text/html; charset=utf-8";
    out.headers.emplace_back("Content-Security-Policy",
                             "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'");
    out.body = status_page();
  } else {
    out.status = 404;
    out.body = "/healthz /readyz /metrics /status\n";
  }
  return out;
}

boost::asio::awaitable<void> Admin::serve(boost::asio::ip::tcp::socket socket, Core& core) {
  Stream stream(std::move(socket), core.watchdog);
  ReadBuffer buffer;
  std::string out;
  while (true) {
    stream.expire_reads_in(shared_.config.limits.header_timeout);
    std::size_t end = end_of_head(buffer.view());
    while (end == std::string_view::npos) {
      if (buffer.full() && buffer.capacity() > 0) co_return;
      const Error error = co_await stream.read(buffer);
      if (error) co_return;
      end = end_of_head(buffer.view());
    }
    const std::string head_bytes(buffer.view().substr(0, end));
    buffer.consume(end);
    OwnResponse response;
    RequestHead head;
    const auto violation = check_request_head(head_bytes);
    if (!violation) parse_request_head(head_bytes, head);
    const bool good = !violation && (head.method == "GET" || head.method == "HEAD") && head.framing == Framing::none;
    if (good)
      response = respond(path_of(head.target));
    else
      response = {.status = violation ? violation->status : 405,
                  .headers = {{"Content-Type", "text/plain"}},
                  .body = "GET only\n"};
    const bool keep = good && head.keep_alive && !core.draining;
    const std::string id = core.request_ids.next();
    out.clear();
    write_own_response_head(out, response, id, core.date.now(),
                            keep ? AfterResponse::keep_alive : AfterResponse::close);
    if (head.method == "HEAD") response.body.clear();
    stream.expire_writes_in(shared_.config.limits.header_timeout);
    const Error error = co_await stream.write(out, response.body);
    if (error) co_return;
    if (!keep) break;
  }
  co_await stream.finish(buffer);
}

}  // namespace stead::proxy
