#include "proxy/serve/request_log.h"

#include <spdlog/spdlog.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "proxy/http/target.h"
#include "proxy/observe/failed_requests.h"

namespace stead::proxy {
namespace {

std::string_view query_of(std::string_view target) {
  const std::size_t at = target.find('?');
  return at == std::string_view::npos ? std::string_view() : target.substr(at + 1);
}

// Failures among the messages, for operators who read no access log: at most so many a second for each core.
constexpr int kMaxFailuresASecond = 10;

void log_failure(const Request& request, int status) {
  static thread_local std::int64_t second = 0;
  static thread_local int lines = 0;
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(request.started_at.time_since_epoch()).count();
  if (now != second) {
    second = now;
    lines = 0;
  }
  if (++lines > kMaxFailuresASecond) return;
  spdlog::error("request {}: {} for {}{}: {}", request.id, status, request.host, path_of(request.target),
                request.outcome.diagnosis);
}

// What there is to say without a diagnosis.
std::string reason_of(const Request& request, int status) {
  if (!request.refusal.reason.empty()) return request.refusal.reason;
  if (!request.outcome.upstream.empty()) return "the back end answered so";
  if (status == 401) return "the client was asked to sign in";
  return request.page_title.empty() ? "" : "the proxy answered so: " + request.page_title;
}

void remember_failure(Core& core, Request& request, std::string_view remote_address, int status) {
  const std::string& diagnosis = request.outcome.diagnosis;
  const Session* const session = request.session();
  const Route* const route = request.route;
  const bool refused = !request.refusal.event.empty();
  if (status < 400 && diagnosis.empty() && !refused) return;
  using enum FailedRequests::Kind;
  FailedRequest failed{.at = request.started_at,
                       .request_id = request.id,
                       .address = std::string(remote_address),
                       .method = std::string(request.head.method),
                       .host = request.host,
                       .path = std::string(path_of(request.target)),
                       .upstream = std::string(request.outcome.upstream),
                       .status = status,
                       .why = diagnosis.empty() ? reason_of(request, status) : diagnosis,
                       .refusal = std::move(request.refusal)};
  if (route != nullptr) {
    failed.route = (route->host.empty() ? "any" : route->host) + " " + route->path;
    failed.spn = route->spn;
  }
  failed.user = session != nullptr ? session->user : failed.refusal.user;
  failed.sign_in = session != nullptr ? to_string(session->method) : failed.refusal.method;
  const bool by_route = route != nullptr && !diagnosis.empty();
  core.failed.add(refused ? refused_sign_in : by_route ? diagnosed : other, std::move(failed));
}

}  // namespace

void log_request(Core& core, Request& request, std::string_view remote_address, int status) {
  const auto time = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - request.started);
  Forwarded& outcome = request.outcome;
  core.metrics.request_done(status, time);
  core.metrics.requests_by_version[static_cast<std::size_t>(request.version)].add();
  core.metrics.bytes_to_clients.add(outcome.bytes_out);
  core.metrics.bytes_from_clients.add(request.bytes_in);
  const Session* const session = request.session();
  const Route* const route = request.route;
  const AccessLogFormat format = core.now->config().access_log_format;
  if (format != AccessLogFormat::off)
    core.log.add({.at = request.started_at,
                  .request_id = request.id,
                  .remote = remote_address,
                  .protocol = to_string(request.version),
                  .tls = request.tls,
                  .method = request.head.method,
                  .host = request.host,
                  .path = path_of(request.target),
                  .query = query_of(request.target),
                  .referer = request.head.referer,
                  .user_agent = request.head.user_agent,
                  .trace_id = request.head.trace.trace_id,
                  .status = status,
                  .user = session != nullptr ? std::string_view(session->user) : std::string_view{},
                  .sign_in = session != nullptr ? to_string(session->method) : std::string_view{},
                  .spn = route != nullptr ? std::string_view(route->spn) : std::string_view{},
                  .delegation = route != nullptr ? to_string(route->delegation) : std::string_view{},
                  .upstream = outcome.upstream,
                  .bytes_in = request.bytes_in,
                  .bytes_out = outcome.bytes_out,
                  .time = time,
                  .ticket = request.ticket.ticket ? &request.ticket.ticket->trace() : nullptr,
                  .ticket_was_cached = request.ticket.was_cached,
                  .diagnosis = outcome.diagnosis},
                 format == AccessLogFormat::json ? AccessLogWriter::Format::json : AccessLogWriter::Format::combined);
  if (status >= 500 && !outcome.diagnosis.empty()) log_failure(request, status);
  remember_failure(core, request, remote_address, status);
  if (route == nullptr || outcome.diagnosis.empty()) return;
  core.metrics.note_failure({.at = request.started_at,
                             .request_id = request.id,
                             .user = session != nullptr ? session->user : std::string{},
                             .spn = route->spn,
                             .status = status,
                             .summary = outcome.diagnosis,
                             .steps = std::move(outcome.steps)});
}

}  // namespace stead::proxy
