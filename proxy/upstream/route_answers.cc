#include "proxy/upstream/route_answers.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/headers/backend_target.h"
#include "proxy/pages/own_pages.h"
#include "sspi_shim/base/bytes.h"
#include "sspi_shim/base/text.h"

namespace stead::proxy {
namespace {

// The first field of this name; empty: there is none.
std::string_view value_of(const RequestHead& head, std::string_view name) {
  const auto found = std::find_if(head.fields.begin(), head.fields.end(),
                                  [name](const Field& field) { return equal_ignoring_case(field.name, name); });
  return found == head.fields.end() ? std::string_view{} : found->value;
}

OwnResponse redirection(const Route& route, std::string_view target, std::string_view request_id) {
  const Redirect& redirect = *route.redirect;
  std::string to = redirect.to;
  if (redirect.keep_path && target != "*") {
    const std::string_view rest = target_for_backend(route, target).value_or(target);
    if (!rest.starts_with('/')) to += '/';
    to.append(rest);
  }
  OwnResponse response = error_page(redirect.status, request_id, "This page has moved", "It is at {}.", {to});
  response.headers.emplace_back("Location", to);
  return response;
}

OwnResponse fixed_answer(const FixedAnswer& answer, std::string_view request_id) {
  OwnResponse response{.status = answer.status, .headers = {}, .body = answer.body};
  if (!answer.body.empty())
    response.headers = {
        {"Content-Type", answer.type}, {"Cache-Control", "no-store"}, {"X-Content-Type-Options", "nosniff"}};
  else if (answer.status >= 400)
    response = error_page(answer.status, request_id,
                          answer.status == 503 ? "Not available at the moment" : reason_phrase(answer.status),
                          answer.status == 503 ? "This application is being maintained. Please come back later."
                                               : "This site is set up to give this answer at this address. If you "
                                                 "did not expect it, ask your administrator.");
  if (answer.retry_after.count() > 0)
    response.headers.emplace_back("Retry-After", std::to_string(answer.retry_after.count()));
  return response;
}

OwnResponse preflight_answer(const Route& route, const RequestHead& head, std::string_view request_id) {
  const std::string origin = to_lower(head.origin);
  const auto& allowed = route.allowed_origins;
  if (std::find(allowed.begin(), allowed.end(), origin) == allowed.end())
    return error_page(403, request_id, "Request from another site",
                      "This application does not accept requests from pages of {}.", {std::string(head.origin)});
  OwnResponse response{
      .status = 204,
      .headers = {{"Access-Control-Allow-Origin", std::string(head.origin)},
                  {"Access-Control-Allow-Credentials", "true"},
                  {"Access-Control-Allow-Methods", std::string(value_of(head, "access-control-request-method"))},
                  {"Access-Control-Max-Age", "600"},
                  {"Vary", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"}},
      .body = {}};
  if (const std::string_view fields = value_of(head, "access-control-request-headers"); !fields.empty())
    response.headers.emplace_back("Access-Control-Allow-Headers", std::string(fields));
  return response;
}

}  // namespace

bool is_preflight(const RequestHead& head) {
  return head.method == "OPTIONS" && !head.origin.empty() && !value_of(head, "access-control-request-method").empty();
}

std::optional<OwnResponse> answer_of_route(const Route& route, const RequestHead& head, std::string_view target,
                                           std::string_view request_id) {
  if (route.redirect) return redirection(route, target, request_id);
  if (route.answer) return fixed_answer(*route.answer, request_id);
  if (route.preflight == Preflight::answer && is_preflight(head)) return preflight_answer(route, head, request_id);
  return std::nullopt;
}

}  // namespace stead::proxy
