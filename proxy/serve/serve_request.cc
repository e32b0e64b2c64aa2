#include "proxy/serve/serve_request.h"

#include <spdlog/spdlog.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "proxy/http/target.h"
#include "proxy/pages/own_pages.h"
#include "proxy/pages/render.h"
#include "proxy/serve/request_log.h"
#include "proxy/upstream/forwarder.h"
#include "proxy/upstream/route_answers.h"
#include "sspi_shim/base/bytes.h"
#include "sspi_shim/base/text.h"
#include "sspi_shim/protocol/crypto/wipe_stack.h"

namespace stead::proxy {

namespace asio = boost::asio;

namespace {
constexpr std::string_view kNothingHere = "There is nothing at this address.";
}

void begin_request(Core& core, Request& request) {
  request.start_clock();
  core.request_ids.assign_next(request.id);
}

// No coroutine of its own: that of the request's kind is all that a request needs.
asio::awaitable<void> RequestService::run() {
  if (const auto wait = over_limit()) return too_many(*wait);
  if (connection_.only_redirects()) return redirect_to_https();
  if (negotiation_ != nullptr && !is_negotiate(request_.head.authorization)) (void)negotiation_->take();
  connection_.check_certificate_again(generation_);
  if (connection_.came_in.door != Door::clients) return serve_proxy();
  if (client_.version() == ClientVersion::http_2 && !connection_.is_for(request_.host))
    return misdirected("The certificate of this connection is not for that name.");
  const PathReadings path = readings_of(request_.target == "*" ? "/" : path_of(request_.target));
  const Router::Match match = generation_.settings->router.match(request_.host, path);
  if (!match.known_host) return answer_error(421, "No such site", "This server does not serve the name you asked for.");
  if (match.ambiguous) return refuse({400, "a back end may read the path as one of another route"});
  if (match.reserved) return own_page();
  if (match.route == nullptr || !match.route->serves_clients()) return answer_error(404, "Not found", kNothingHere);
  request_.route = match.route;
  if (match.route->allows(SignInMethod::certificate) && connection_.lacks_certificate_request())
    return misdirected("This site asks for a client certificate, which this connection was opened without.");
  return forward(match.index);
}

const ClientOrigin& RequestService::origin() {
  if (!origin_) origin_ = connection_.origin_of(request_.head, generation_.config());
  return *origin_;
}

// One line for each time that an address goes over its limit, however many requests are refused then.
std::optional<std::chrono::seconds> RequestService::over_limit() {
  const Limits& limits = generation_.config().limits;
  if (limits.requests_per_address == 0 || connection_.came_in.door != Door::clients) return std::nullopt;
  const auto verdict = core_.rates->take(
      origin().key, {.per_second = limits.requests_per_address, .burst = limits.requests_burst}, request_.started);
  if (verdict.allowed) return std::nullopt;
  core_.metrics.requests_over_limit.add();
  if (verdict.first)
    spdlog::warn("{} sends more than {} requests a second (requests_per_address): further ones get 429",
                 origin().address, limits.requests_per_address);
  return verdict.wait;
}

asio::awaitable<void> RequestService::too_many(std::chrono::seconds wait) {
  OwnResponse response = error_page(429, request_.id, "Too many requests", "Please wait a moment and try again.");
  response.headers.emplace_back("Retry-After", std::to_string(wait.count()));
  return answer(std::move(response));
}

// RFC 9110 §15.5.20: browsers send the request again on a connection of its own.
asio::awaitable<void> RequestService::misdirected(std::string_view why) {
  client_.close_after_response();
  return answer_error(421, "Another connection is needed", why);
}

// At an address that is there for that alone. Only names that a route has are repeated to the client.
asio::awaitable<void> RequestService::redirect_to_https() {
  if (!generation_.settings->router.match(request_.host, readings_of("/")).known_host)
    return answer_error(421, "No such site", "This server does not serve the name you asked for.");
  if (request_.host.empty()) return refuse({400, "no Host to redirect to"});
  const std::uint16_t port = generation_.config().redirect_port;
  std::string to = "https://" + request_.host;
  if (port != 443) to += ':' + std::to_string(port);
  if (request_.target != "*") to += request_.target;
  OwnResponse response =
      error_page(308, request_.id, "This site is encrypted", "Your browser now asks for the page at {}.", {to});
  response.headers.emplace_back("Location", std::move(to));
  return answer(std::move(response));
}

// Over plain HTTP it must not be sent (RFC 6797 §7.2).
std::string_view RequestService::hsts() {
  const bool to_client = connection_.came_in.door == Door::clients && origin().https;
  return to_client ? std::string_view(generation_.config().hsts) : std::string_view{};
}

asio::awaitable<void> RequestService::refuse(Violation violation) {
  core_.metrics.malformed_requests.add();
  if (request_.id.empty()) begin_request(core_, request_);
  request_.outcome.diagnosis = std::string(violation.reason);
  client_.close_after_response();
  if (violation.status == 408)
    return answer_error(408, "The request took too long", "It did not arrive in time. Please try again.");
  return answer_error(violation.status, "The request is malformed",
                      "Your browser or program sent a request that is not valid HTTP.");
}

RequestView RequestService::view() {
  const RequestHead& head = request_.head;
  RequestView view;
  view.method = head.method;
  view.target = request_.target;
  view.host = request_.host;
  view.authority = head.host;
  view.authorization = head.authorization;
  view.cookie = request_.joined_cookies();
  view.accept = head.accept;
  view.origin = head.origin;
  view.sec_fetch_site = head.sec_fetch_site;
  view.content_type = head.content_type;
  view.remote_address = origin().address;
  view.upgrades = head.wants_upgrade;
  view.tls = origin().https;
  view.channel_bindings = connection_.channel_bindings();
  view.client_certificate = connection_.certificate.der;
  view.client_certificate_error = connection_.certificate.error;
  view.client_certificate_name = connection_.certificate.name;
  view.request_id = request_.id;
  view.negotiation = negotiation_;
  view.refusal = &request_.refusal;
  if (asked_) show(view, *asked_);
  return view;
}

asio::awaitable<void> RequestService::forward(std::size_t route_index) {
  const Route& route = *request_.route;
  if (auto own = answer_of_route(route, request_.head, request_.target, request_.id)) {
    co_await answer(std::move(*own));
    co_return;
  }
  const bool passes_as_preflight = route.preflight == Preflight::pass && is_preflight(request_.head);
  if (!route.sign_in.empty() && !passes_as_preflight) {
    const RequestView seen = view();
    request_.signed_in = generation_.sign_in->known(seen, route);
    if (!request_.signed_in) {
      auto decision = co_await generation_.sign_in->decide(seen, route);
      if (auto* const response = std::get_if<OwnResponse>(&decision)) {
        co_await answer(std::move(*response));
        co_return;
      }
      request_.signed_in = std::move(std::get<SignedIn>(decision));
    }
  }
  const ForwardJob job{.route = route,
                       .route_index = route_index,
                       .head = request_.head,
                       .target = request_.target,
                       .signed_in = request_.signed_in ? &*request_.signed_in : nullptr,
                       .request_id = request_.id,
                       .remote_address = origin().address,
                       .hsts = hsts(),
                       .over_https = origin().https};
  {
    Forwarder forwarder(generation_.forwarding, client_, job, request_.forward_memory);
    request_.outcome = co_await forwarder.run();
    request_.ticket = forwarder.used_ticket();
  }
  request_.bytes_in = client_.body_total();
  Forwarded& outcome = request_.outcome;
  if (outcome.ask_to_sign_in) {
    co_await challenge();
    co_return;
  }
  if (outcome.own) {
    if (request_.signed_in)
      for (const auto& field : request_.signed_in->response_headers) outcome.own->headers.push_back(field);
    OwnResponse page = std::move(*outcome.own);
    co_await answer(std::move(page));
    co_return;
  }
  log_request(core_, request_, origin().address, outcome.status != 0 ? outcome.status : 499);
}

// The evidence of the user's session is lost, so the client is challenged as if it had no session.
asio::awaitable<void> RequestService::challenge() {
  RequestView anonymous = view();
  anonymous.cookie = anonymous.authorization = {};
  anonymous.client_certificate.clear();
  anonymous.client_certificate_error.clear();
  anonymous.client_certificate_name = {};
  auto challenge = co_await generation_.sign_in->decide(std::move(anonymous), *request_.route);
  auto* const response = std::get_if<OwnResponse>(&challenge);
  if (response != nullptr)
    co_await answer(std::move(*response));
  else
    co_await answer_error(401, "Please sign in again", "Your sign-in is no longer valid.");
}

asio::awaitable<void> RequestService::own_page() {
  constexpr std::string_view kTooLong = "That is more than a sign-in needs.";
  const std::size_t limit = generation_.config().limits.login_body_bytes;
  if (!generation_.sign_in) {
    co_await answer_error(404, "Not found", kNothingHere);
    co_return;
  }
  if (client_.body_framing() == Framing::length && client_.body_left() > limit) {
    co_await answer_error(413, "Too long", kTooLong);
    co_return;
  }
  if (client_.awaits_continue()) {
    const bool sent = co_await client_.send_continue();
    if (!sent) co_return;
  }
  std::string content;
  content.reserve(limit);  // it has a password, so it must not be copied while it grows
  while (!client_.body_ended()) {
    const BodyPiece piece = co_await client_.next_body();
    if (piece.step == BodyStep::malformed) {
      co_await refuse({400, "malformed chunked body"});
      co_return;
    }
    if (piece.step == BodyStep::lost) co_return;
    const bool too_long = piece.data.size() > limit - content.size();
    if (!too_long) content.append(piece.data);
    client_.wipe_body();
    if (too_long) {
      wipe(content.data(), content.size());
      co_await answer_error(413, "Too long", kTooLong);
      co_return;
    }
  }
  client_.wipe_body();
  wipe_stack();
  const RequestView seen = view();
  OwnResponse response = co_await generation_.sign_in->own_page(seen, std::move(content));
  wipe_stack();
  co_await answer(std::move(response));
}

asio::awaitable<void> RequestService::answer_error(int status, std::string_view title, std::string_view what_to_do) {
  return answer(error_page(status, request_.id, title, what_to_do));
}

asio::awaitable<void> RequestService::answer(OwnResponse response) {
  if (response.status >= 400 && response.page) request_.page_title = response.page->title;
  dress(response, request_.head, generation_.config().pages);
  if (const std::string_view value = hsts(); !value.empty())
    response.headers.emplace_back("Strict-Transport-Security", value);
  (void)co_await client_.answer(response, request_.id, core_.date.now());
  request_.outcome.bytes_out = response.body.size();
  log_request(core_, request_, origin().address, response.status);
}

}  // namespace stead::proxy
