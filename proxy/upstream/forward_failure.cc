#include "proxy/upstream/forward_failure.h"

#include <string>
#include <string_view>
#include <utility>

#include "proxy/observe/audit_log.h"
#include "proxy/pages/own_pages.h"

namespace stead::proxy {
namespace {

std::string diagnosis_of(const Failure& failure) {
  std::string out = failure.trace.diagnosis ? failure.trace.diagnosis->summary : failure.text;
  if (out.empty()) out = failure.error.message();
  if (failure.trace.diagnosis)
    for (const std::string& command : failure.trace.diagnosis->fix) out += " Fix: " + command;
  return out;
}

}  // namespace

Forwarded forward_failed(const ForwardJob& job, int status, std::string_view title, std::string_view what_to_do,
                         std::string diagnosis) {
  Forwarded out;
  out.own = error_page(status, job.request_id, title, what_to_do);
  if (status == 503) out.own->headers.emplace_back("Retry-After", "5");
  out.status = status;
  out.diagnosis = std::move(diagnosis);
  return out;
}

Forwarded no_ticket(const ForwardContext& context, const ForwardJob& job, const Failure& failure) {
  const Session& session = job.signed_in->session;
  std::string diagnosis = diagnosis_of(failure);
  Forwarded out;
  switch (failure.kind) {
    case FailureKind::refused:
      context.metrics.tickets_refused.add();
      audit({.kind = AuditKind::delegation_refused,
             .user = session.user,
             .method = to_string(session.method),
             .address = job.remote_address,
             .request_id = job.request_id,
             .detail = job.route.spn + ": " + diagnosis});
      out = forward_failed(job, 403, "Not allowed",
                           "You are signed in, but Stead may not open this application on your behalf. If you need it, "
                           "give the request id to your administrator.",
                           std::move(diagnosis));
      break;
    case FailureKind::unreachable:
    case FailureKind::cancelled:
      context.metrics.tickets_unreachable.add();
      out = forward_failed(job, 503, "Not available at the moment",
                           "The sign-in service does not answer. Please try again in a moment.", std::move(diagnosis));
      break;
    case FailureKind::unusable:
      if (session.method == SignInMethod::kerberos) {
        out.ask_to_sign_in = true;
        out.diagnosis = "the user's own ticket is not held by this process";
        return out;
      }
      context.metrics.tickets_failed.add();
      out = forward_failed(job, 500, "The server is set up incorrectly", kAskAdministrator, std::move(diagnosis));
      break;
    case FailureKind::rejected:
      context.metrics.tickets_failed.add();
      out = forward_failed(job, 502, "The answer cannot be trusted", kAskAdministrator, std::move(diagnosis));
      break;
  }
  out.steps = explain(failure.trace);
  return out;
}

Forwarded too_long_body(const ForwardJob& job) {
  return forward_failed(job, 413, "Too long", "What you sent is more than this application takes.",
                        "the body is longer than body_bytes of the route");
}

Forwarded malformed_body(const ForwardContext& context, const ForwardJob& job) {
  context.metrics.malformed_requests.add();
  return forward_failed(job, 400, "The request is malformed", "Its chunked body is not valid HTTP.",
                        "malformed chunked body");
}

Forwarded client_left(std::string diagnosis) {
  Forwarded out;
  out.diagnosis = std::move(diagnosis);
  return out;
}

}  // namespace stead::proxy
