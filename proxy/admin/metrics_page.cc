#include "proxy/admin/metrics_page.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "proxy/observe/audit_log.h"
#include "proxy/upstream/client_exchange.h"

namespace stead::proxy {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

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
      family("stead_request_seconds", "Time from a request's head to the end of its response.", MetricType::Histogram);
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

// The SDK's counters, of the clients of all cores.
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
                              "Look-ups in the ticket cache: hit, joined to an exchange in progress, or miss.");
  add(cache, static_cast<double>(total.cache_hits), {{"result", "hit"}});
  add(cache, static_cast<double>(total.cache_joins), {{"result", "join"}});
  add(cache, static_cast<double>(total.cache_misses), {{"result", "miss"}});
  MetricFamily troubles = family("stead_kdc_troubles_total", "Exchanges with KDCs that gave no ticket.");
  add(troubles, static_cast<double>(total.refusals), {{"trouble", "refusal"}});
  add(troubles, static_cast<double>(total.timeouts), {{"trouble", "timeout"}});
  return {std::move(exchanges), std::move(cache), std::move(troubles)};
}

// The steps of the Kerberos clients of all cores.
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
             "Answers of KDCs: ticket, referral, an error's symbol, timeout; of searches for a KDC: found, none.");
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
  out.push_back(family("stead_requests_by_version_total", "Requests of clients, by their version of HTTP."));
  for (const ClientVersion version : {ClientVersion::http_1_0, ClientVersion::http_1_1, ClientVersion::http_2}) {
    std::uint64_t requests = 0;
    for (const auto& core : cores)
      requests += core->metrics.requests_by_version[static_cast<std::size_t>(version)].value();
    add(out.back(), static_cast<double>(requests), {{"version", std::string(to_string(version))}});
  }
  counter("stead_client_connections_total", "Connections accepted from clients.", &CoreMetrics::client_connections);
  counter("stead_client_connections_refused_total", "Connections of clients closed at a limit.",
          &CoreMetrics::client_connections_refused);
  out.push_back(family("stead_client_connections", "Open connections of clients.", MetricType::Gauge));
  add(out.back(), sum(cores, &CoreMetrics::client_connections_now));
  counter("stead_tls_failures_total", "Failed TLS handshakes of clients.", &CoreMetrics::tls_failures);
  counter("stead_malformed_requests_total", "Requests rejected as malformed HTTP.", &CoreMetrics::malformed_requests);
  counter("stead_http2_floods_total", "HTTP/2 connections closed because of too many frames of a kind.",
          &CoreMetrics::http2_floods);
  counter("stead_requests_over_limit_total", "Requests refused because their address sent too many.",
          &CoreMetrics::requests_over_limit);
  counter("stead_received_body_bytes_total", "Bytes of request bodies.", &CoreMetrics::bytes_from_clients);
  counter("stead_sent_body_bytes_total", "Bytes of response bodies.", &CoreMetrics::bytes_to_clients);
  counter("stead_upstream_connections_total", "Connections opened to back ends.", &CoreMetrics::upstream_connections);
  counter("stead_upstream_reuses_total", "Requests sent on an existing connection to a back end.",
          &CoreMetrics::upstream_reuses);
  counter("stead_upstream_failures_total", "Requests to back ends that could not be reached or did not respond.",
          &CoreMetrics::upstream_failures);
  counter("stead_upstream_retries_total", "Requests sent to a back end a second time.", &CoreMetrics::upstream_retries);
  counter("stead_tokens_total", "Negotiate tokens made for back ends.", &CoreMetrics::tokens_made);
  counter("stead_tokens_refused_total", "Negotiate tokens that back ends refused.", &CoreMetrics::tokens_refused);
  counter("stead_replies_rejected_total", "AP-REPs of back ends that failed verification.",
          &CoreMetrics::replies_that_do_not_hold);
  MetricFamily failures = family("stead_ticket_failures_total", "Requests for which no ticket could be obtained.");
  add(failures, sum(cores, &CoreMetrics::tickets_refused), {{"reason", "refused"}});
  add(failures, sum(cores, &CoreMetrics::tickets_unreachable), {{"reason", "unreachable"}});
  add(failures, sum(cores, &CoreMetrics::tickets_failed), {{"reason", "other"}});
  out.push_back(std::move(failures));
  return out;
}

// What became of users' identities, as the audit log has it.
std::vector<MetricFamily> identity_families(const Cores& cores) {
  MetricFamily begun = family("stead_sign_ins_total", "Sessions that began, by the method of the sign-in."),
               refused = family("stead_sign_ins_refused_total", "Sign-ins that were refused."),
               ended =
                   family("stead_sessions_ended_total",
                          "Sessions that ended before their time: signed out, or the account may no longer sign in."),
               delegation = family("stead_delegations_refused_total", "Requests whose delegation was refused.");
  for (const AuditCount& count : audit_counts()) {
    const auto events = static_cast<double>(count.events);
    const Labels method{{"method", std::string(count.method)}};
    switch (count.kind) {
      case AuditKind::sign_in:
        if (!count.method.empty()) add(begun, events, method);
        break;
      case AuditKind::sign_in_refused:
        if (!count.method.empty()) add(refused, events, method);
        break;
      case AuditKind::sign_out:
      case AuditKind::session_ended:
        if (count.method.empty()) {
          if (count.kind == AuditKind::session_ended) add(ended, events, {{"reason", "administrator"}});
        } else {
          add(ended, events, {{"reason", count.kind == AuditKind::sign_out ? "signed out" : "account"}, method[0]});
        }
        break;
      case AuditKind::delegation_refused:
      case AuditKind::forwarded_tgt_refused:
        if (!count.method.empty())
          add(delegation, events,
              {{"kind", count.kind == AuditKind::delegation_refused ? "s4u" : "forwarded-tgt"}, method[0]});
        break;
    }
  }
  MetricFamily limits = family("stead_limits_reached_total", "How often a limit was reached.");
  for (const Limit limit : kLimits) {
    std::uint64_t times = 0;
    for (const auto& core : cores) times += core->limits.count(limit);
    add(limits, static_cast<double>(times), {{"limit", std::string(to_string(limit))}});
  }
  return {std::move(begun), std::move(refused), std::move(ended), std::move(delegation), std::move(limits)};
}

// The back ends, by address and the path of their check.
std::vector<MetricFamily> upstream_families(const Cores& cores) {
  std::map<std::pair<std::string, std::string>, UpstreamHealth::Report> reports;
  for (const auto& health : cores.front()->healths->all()) {
    const BackEnd& back_end = health->back_end();
    const auto one = health->report(Clock::now());
    auto& sum = reports[{to_string(back_end.upstream), back_end.check ? back_end.check->path : ""}];
    sum.up = sum.up && one.up;
    sum.drained = sum.drained || one.drained;
    sum.in_flight += one.in_flight;
    sum.outages += one.outages;
    sum.failed_checks += one.failed_checks;
  }
  MetricFamily up =
      family("stead_upstream_up", "1 while the back end gets requests, 0 while it is out.", MetricType::Gauge);
  MetricFamily drained = family("stead_upstream_drained",
                                "1 while an administrator keeps new requests from the back end.", MetricType::Gauge);
  MetricFamily now = family("stead_upstream_requests", "Requests that the back end has now.", MetricType::Gauge);
  MetricFamily outages = family("stead_upstream_outages_total", "How often the back end was taken out.");
  MetricFamily failed = family("stead_upstream_failed_checks_total", "Health checks of the back end that failed.");
  for (const auto& [key, report] : reports) {
    const Labels labels{{"upstream", key.first}, {"check", key.second}};
    add(up, report.up ? 1 : 0, labels);
    add(drained, report.drained ? 1 : 0, labels);
    add(now, report.in_flight, labels);
    add(outages, static_cast<double>(report.outages), labels);
    add(failed, static_cast<double>(report.failed_checks), labels);
  }
  return {std::move(up), std::move(drained), std::move(now), std::move(outages), std::move(failed)};
}

}  // namespace

std::string metrics_page(const Cores& cores, const ServerState& state) {
  std::vector<MetricFamily> families = request_families(cores);
  for (auto* more : {&connection_families, &delegation_families, &kdc_families, &identity_families, &upstream_families})
    for (MetricFamily& one : (*more)(cores)) families.push_back(std::move(one));
  families.push_back(family("stead_ready", "1 while the proxy accepts new requests.", MetricType::Gauge));
  add(families.back(), state.ready ? 1 : 0);
  families.push_back(family("stead_reloads_total", "Readings of the configuration after the start."));
  add(families.back(), sum(cores, &CoreMetrics::reloads), {{"result", "used"}});
  add(families.back(), sum(cores, &CoreMetrics::reloads_refused), {{"result", "refused"}});
  families.push_back(family("stead_build_info", "The running version.", MetricType::Gauge));
  add(families.back(), 1, {{"version", STEAD_VERSION}});
  families.push_back(family("stead_log_dropped_lines_total", "Log lines that could not be written, or not in time."));
  const Logs& all = cores.front()->logs;
  const std::pair<const char*, const LogWriter*> logs[] = {
      {"access", all.access_log.get()}, {"audit", all.audit_log.get()}, {"messages", all.messages.get()}};
  for (const auto& [name, log] : logs)
    if (log != nullptr) add(families.back(), static_cast<double>(log->dropped_lines()), {{"log", name}});
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace stead::proxy
