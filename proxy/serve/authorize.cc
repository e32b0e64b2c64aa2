// RequestService at auth_listen: asked_request.h says what is asked there.
#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "proxy/headers/outgoing_request.h"
#include "proxy/http/target.h"
#include "proxy/pages/own_pages.h"
#include "proxy/serve/serve_request.h"
#include "proxy/sign_in/login_form.h"
#include "proxy/upstream/forward_failure.h"
#include "sspi_shim/base/base64.h"
#include "sspi_shim/base/text.h"

namespace stead::proxy {

namespace asio = boost::asio;

namespace {

constexpr std::string_view kAuthPath = "/.stead/auth";

// A route that another proxy may ask for, or why there is none.
struct Choice {
  const Route* route = nullptr;
  std::size_t index = 0;
  std::string_view fault{};
};

bool has_spn(const Route& route, std::string_view spn) {
  return spn.empty() || equal_ignoring_case(route.spn, spn);
}

// The route of the client's path. A public path needs no user, whatever SPN the other proxy asks for.
Choice by_path(const Router& router, const AskedRequest& asked, std::string_view spn) {
  const Router::Match match = router.match(asked.host, readings_of(path_of(asked.target)));
  if (match.ambiguous) return {.fault = "a back end may read the path as one of another route"};
  if (match.reserved || match.route == nullptr) return {.fault = "no route has this host and path"};
  if (!match.route->offers_authorization()) return {.fault = "the route is not for auth_listen"};
  if (!match.route->sign_in.empty() && !has_spn(*match.route, spn))
    return {.fault = "the route of this host and path has another spn"};
  return {.route = match.route, .index = match.index};
}

// Without a path, the one route of the host that has the SPN.
Choice by_spn(const Router& router, const AskedRequest& asked, std::string_view spn) {
  Choice out{.fault = "no route of this host has this spn"};
  for (const Router::Match& match : router.all_of(asked.host)) {
    if (!match.route->offers_authorization() || match.route->sign_in.empty() || !has_spn(*match.route, spn)) continue;
    if (out.route != nullptr)
      return {.fault = "several routes of this host have it: X-Forwarded-Uri must tell the path"};
    out = {.route = match.route, .index = match.index};
  }
  return out;
}

bool may_stand_in_a_field(std::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

// What no cache may keep, not even one that is told to ignore Cache-Control.
HeaderList uncacheable() {
  return {{"Cache-Control", "no-store"}, {"Pragma", "no-cache"}, {"X-Accel-Expires", "0"}, {"Vary", "*"}};
}

}  // namespace

asio::awaitable<void> RequestService::serve_proxy() {
  auto asked = asked_request_of(request_.head, generation_.settings->router);
  if (const auto* const violation = std::get_if<Violation>(&asked)) return refuse(*violation);
  asked_ = std::move(std::get<AskedRequest>(asked));
  request_.host = asked_->host;
  if (!generation_.settings->router.match(asked_->host, readings_of("/")).known_host)
    return answer_error(421, "No such site", "This server does not serve the name you asked for.");
  const std::string_view path = path_of(request_.target);
  if (path == kAuthPath) {
    asked_->of = AskedRequest::Of::authorization;
    return authorize();
  }
  if (is_reserved(path_for_policy(path))) return own_page();
  return answer_error(404, "Not found", "There is nothing at this address.");
}

asio::awaitable<void> RequestService::deny(std::string_view diagnosis) {
  request_.outcome.diagnosis = diagnosis;
  return answer(not_permitted_page(request_.id));
}

asio::awaitable<void> RequestService::authorize() {
  if (request_.head.method != "GET" && request_.head.method != "HEAD") {
    OwnResponse response = error_page(405, request_.id, "Method not allowed", "This page does not accept that method.");
    response.headers.emplace_back("Allow", "GET, HEAD");
    co_await answer(std::move(response));
    co_return;
  }
  const std::size_t query = request_.target.find('?');
  const auto spn = query_parameter(request_.target, "spn");
  if (query != std::string::npos && !spn) {
    co_await refuse({400, "the query is not spn=SPN"});
    co_return;
  }
  const Router& router = generation_.settings->router;
  const Choice choice =
      asked_->target.empty() ? by_spn(router, *asked_, spn.value_or("")) : by_path(router, *asked_, spn.value_or(""));
  if (choice.route == nullptr) {
    const std::string diagnosis = "auth_listen, for " + spn.value_or("any spn") + ": " + std::string(choice.fault);
    co_await deny(diagnosis);
    co_return;
  }
  request_.route = choice.route;
  if (!choice.route->sign_in.empty()) {
    const RequestView seen = view();
    request_.signed_in = generation_.sign_in->known(seen, *choice.route);
    if (!request_.signed_in) {
      auto decision = co_await generation_.sign_in->decide(seen, *choice.route);
      if (auto* const response = std::get_if<OwnResponse>(&decision)) {
        if (response->status == 303) response->status = 302;
        co_await answer(std::move(*response));
        co_return;
      }
      request_.signed_in = std::move(std::get<SignedIn>(decision));
    }
  }
  co_await grant();
}

// The user may use the route: what the other proxy sends to the back end in the user's name.
asio::awaitable<void> RequestService::grant() {
  const Route& route = *request_.route;
  OwnResponse response{.status = 200, .headers = uncacheable(), .body = {}};
  if (request_.signed_in) {
    const Session& session = request_.signed_in->session;
    if (!may_stand_in_a_field(session.user)) {
      co_await deny("the user's name has control characters");
      co_return;
    }
    response.headers.emplace_back("X-Remote-User", session.user);
    response.headers.insert(response.headers.end(), request_.signed_in->response_headers.begin(),
                            request_.signed_in->response_headers.end());
  }
  if (request_.signed_in && route.delegation != Delegation::none) {
    const auto given = co_await generation_.tickets->give(request_.signed_in->session, route.spn);
    if (!given) {
      const ForwardJob job{.route = route,
                           .route_index = 0,
                           .head = request_.head,
                           .target = request_.target,
                           .signed_in = &*request_.signed_in,
                           .request_id = request_.id,
                           .remote_address = origin().address,
                           .hsts = {}};
      request_.outcome = no_ticket(generation_.forwarding, job, given.error());
      if (request_.outcome.ask_to_sign_in) {
        co_await challenge();
        co_return;
      }
      OwnResponse page = std::move(*request_.outcome.own);
      co_await answer(std::move(page));
      co_return;
    }
    // Without channel bindings: the TLS connection to the back end is the other proxy's.
    request_.ticket = {.ticket = given->ticket, .was_cached = given->was_cached};
    auto token = make_negotiate_token(*given->ticket);
    if (!token) {
      request_.outcome.diagnosis = "cannot make a token from the ticket: " + token.error().message();
      co_await answer_error(500, "The server could not process the request",
                            "The administrator can find the cause by the request id.");
      co_return;
    }
    core_.metrics.tokens_made.add();
    response.headers.emplace_back("Authorization", "Negotiate " + base64(token->token));
  }
  std::string cookies;
  append_foreign_cookies(cookies, request_.joined_cookies());
  if (!cookies.empty()) response.headers.emplace_back("Cookie", std::move(cookies));
  co_await answer(std::move(response));
}

}  // namespace stead::proxy
