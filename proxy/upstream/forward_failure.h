#pragma once
// Outcomes of requests that could not be forwarded: a page for the user, and a diagnosis for the log and /status.
#include <string>
#include <string_view>

#include "proxy/upstream/forward_job.h"

namespace stead::proxy {

inline constexpr std::string_view kAskAdministrator = "The administrator can find the cause by the request id.";
inline constexpr std::string_view kTryAgain = "Please try again in a moment.";

[[nodiscard]] Forwarded forward_failed(const ForwardJob& job, int status, std::string_view title,
                                       std::string_view what_to_do, std::string diagnosis);
// The KDC gave no ticket for the back end. Counts it, and writes a refusal to the audit log.
[[nodiscard]] Forwarded no_ticket(const ForwardContext& context, const ForwardJob& job, const Failure& failure);
// The request's body is longer than the route allows.
[[nodiscard]] Forwarded too_long_body(const ForwardJob& job);
// The client's chunked body is malformed. Counts it.
[[nodiscard]] Forwarded malformed_body(const ForwardContext& context, const ForwardJob& job);
// The client's connection ended before the request was answered.
[[nodiscard]] Forwarded client_left(std::string diagnosis);

}  // namespace stead::proxy
