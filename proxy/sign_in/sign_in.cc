#include "proxy/sign_in/sign_in.h"
#include "proxy/http/cookies.h"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <spdlog/spdlog.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "proxy/pages/own_pages.h"
#include "proxy/sessions/account_checks.h"
#include "proxy/shared/shared_evidence.h"
#include "proxy/sign_in/account_pages.h"
#include "proxy/sign_in/certificate_sign_in.h"
#include "proxy/sign_in/cross_site.h"
#include "proxy/sign_in/forms_sign_in.h"
#include "proxy/sign_in/kerberos_sign_in.h"
#include "proxy/sign_in/login_form.h"
#include "proxy/sign_in/permitted_user.h"
#include "proxy/sign_in/sessions.h"
#include "proxy/sign_in/sign_in_audit.h"
#include "proxy/sign_in/sign_in_state.h"
#include "proxy/tickets/backend_tickets.h"
#include "sspi_shim/base/base64.h"
#include "sspi_shim/protocol/messages/ticket.h"

namespace stead::proxy {
namespace {

namespace asio = boost::asio;

using Answer = std::variant<SignedIn, OwnResponse>;

// A challenge for another token would not help: the user is known.
OwnResponse no_forwarded_tgt(const RequestView& request, const Session& session, std::string_view reason) {
  audit_session(AuditKind::forwarded_tgt_refused, request, session, reason);
  return error_page(
      403, request.request_id, "No forwarded ticket",
      "This application needs a Kerberos ticket that your browser forwards, and the browser forwarded none "
      "that can be used. Configure the browser to delegate to this site. Accounts that are marked sensitive "
      "cannot use this application.");
}

OwnResponse two_users(const RequestView& request, const Session& session, std::string_view mismatch) {
  audit_refusal(request, session.method, session.user,
                "the request also has a Negotiate token, which this route does not accept: " + std::string(mismatch));
  return error_page(403, request.request_id, "Two users at once",
                    "Your browser sent a Kerberos ticket of another user than the one who is signed in. Sign out, or "
                    "close the browser.");
}

OwnResponse refuse_cross_site(const RequestView& request) {
  spdlog::warn(
      "request {}: {} to {} by a page of {} was refused: another site. A route's allowed_origins lists the "
      "origins whose pages may send such requests",
      request.request_id, request.method, request.host,
      request.origin.empty() ? std::string("an unknown origin") : escape_html(request.origin));
  if (request.refusal != nullptr)
    request.refusal->reason =
        "a page of another site sent it; a route's allowed_origins lists the origins whose pages may";
  return cross_site_page(request.request_id, request.origin);
}

class CoreSignIn : public SignIn, public std::enable_shared_from_this<CoreSignIn> {
 public:
  CoreSignIn(std::shared_ptr<SignInState> state, std::shared_ptr<BackendTickets> tickets)
      : config_(state->config),
        tickets_(std::move(tickets)),
        sessions_(state),
        kerberos_(state),
        forms_(state, tickets_, sessions_),
        certificates_(state, tickets_, sessions_),
        account_pages_(config_, tickets_, sessions_, forms_, certificates_),
        checks_(tickets_, state->config.client.ticket_life, state->config.session_lifetime),
        state_(std::move(state)) {}

  std::optional<SignedIn> known(const RequestView& request, const Route& route) override;
  asio::awaitable<Answer> decide(const RequestView& request, const Route& route) override;
  bool is_over(const Session& session) override;
  asio::awaitable<void> end_sessions_of(std::string user, std::chrono::sys_seconds until) override {
    audit({.kind = AuditKind::session_ended,
           .user = user,
           .method = {},
           .address = {},
           .request_id = {},
           .detail = "an administrator ended all sessions"});
    return sessions_.end_all(std::move(user), until);
  }
  asio::awaitable<OwnResponse> own_page(const RequestView& request, std::string body) override;

 private:
  [[nodiscard]] bool takes_tokens(const Route& route) const {
    return route.allows(SignInMethod::kerberos) && kerberos_.is_on();
  }
  // A Kerberos session delegates with the client's own ticket, so that the process must hold it.
  static bool needs_evidence(const Session& session, const Route& route) {
    return session.method == SignInMethod::kerberos && route.delegation != Delegation::none;
  }

  // Ends the session if the user's account may no longer sign in; true: it did.
  asio::awaitable<bool> ends_by_check(Session session, std::string address, std::string request_id);
  asio::awaitable<Answer> user_of(const RequestView& request, const Route& route);
  asio::awaitable<Answer> by_token(const RequestView& request, const Route& route, std::optional<SessionCookie> cookie);
  asio::awaitable<Answer> begin_with_token(const RequestView& request, const Route& route, AcceptedClient& client);
  // Nothing: the route may serve this user. Else the response, after a line in the audit log.
  std::optional<OwnResponse> refuse_user(const RequestView& request, const Route& route, const Session& session) const;
  asio::awaitable<std::optional<std::string>> mismatch_of_token(const RequestView& request, std::string user);
  OwnResponse refuse_token(const RequestView& request, const Route& route, std::string_view user,
                           std::string_view reason);
  static OwnResponse ask_for_next_token(const RequestView& request, const UnfinishedClient& client);
  OwnResponse challenge(const RequestView& request, const Route& route);

  const Config& config_;  // in state_
  std::shared_ptr<BackendTickets> tickets_;
  Sessions sessions_;
  KerberosSignIn kerberos_;
  FormsSignIn forms_;
  CertificateSignIn certificates_;
  AccountPages account_pages_;
  AccountChecks checks_;
  std::shared_ptr<SignInState> state_;
};

std::optional<SignedIn> CoreSignIn::known(const RequestView& request, const Route& route) {
  if (is_negotiate(request.authorization) || is_forbidden_cross_site(request, route.allowed_origins))
    return std::nullopt;
  auto cookie = sessions_.find(request);
  if (!cookie || !route.allows(cookie->session.method) || !fits_certificate(request, *cookie)) return std::nullopt;
  if (!checks_.is_recent(cookie->session)) return std::nullopt;
  cookie->session.forwarded_tgt = route.delegation == Delegation::forwarded_tgt;
  if (needs_evidence(cookie->session, route) && !tickets_->knows_evidence(cookie->session)) return std::nullopt;
  if (refused_by_route(route, cookie->session) || refused_delegation(config_, route, cookie->session))
    return std::nullopt;
  HeaderList headers = sessions_.renewal(request, *cookie);
  return SignedIn{.session = std::move(cookie->session), .response_headers = std::move(headers)};
}

asio::awaitable<Answer> CoreSignIn::decide(const RequestView& request, const Route& route) {
  if (is_forbidden_cross_site(request, route.allowed_origins)) co_return refuse_cross_site(request);
  auto answer = co_await user_of(request, route);
  const auto* const signed_in = std::get_if<SignedIn>(&answer);
  if (signed_in == nullptr) co_return answer;
  // If a route does not accept tokens and the request has one all the same, it must be of the same user.
  if (is_negotiate(request.authorization) && !takes_tokens(route)) {
    const auto mismatch = co_await mismatch_of_token(request, signed_in->session.user);
    if (mismatch) co_return two_users(request, signed_in->session, *mismatch);
  }
  if (auto refused = refuse_user(request, route, signed_in->session)) co_return std::move(*refused);
  co_return answer;
}

std::optional<OwnResponse> CoreSignIn::refuse_user(const RequestView& request, const Route& route,
                                                   const Session& session) const {
  if (const auto reason = refused_by_route(route, session)) {
    audit_refusal(request, session.method, session.user, *reason);
    return not_permitted_page(request.request_id);
  }
  if (const auto reason = refused_delegation(config_, route, session)) {
    audit_session(AuditKind::delegation_refused, request, session, *reason);
    return not_permitted_page(request.request_id);
  }
  return std::nullopt;
}

bool CoreSignIn::is_over(const Session& session) {
  if (sessions_.is_over(session)) return true;
  if (checks_.take_turn(session)) {
    auto check = [self = shared_from_this(), session]() -> asio::awaitable<void> {
      (void)co_await self->ends_by_check(session, "", "");
    };
    asio::co_spawn(tickets_->executor(), std::move(check), asio::detached);
  }
  return false;
}

asio::awaitable<bool> CoreSignIn::ends_by_check(Session session, std::string address, std::string request_id) {
  const auto reason = co_await checks_.refusal(session);
  if (!reason) co_return false;
  co_await sessions_.end(session);
  tickets_->forget(session);
  audit({.kind = AuditKind::session_ended,
         .user = session.user,
         .method = to_string(session.method),
         .address = address,
         .request_id = request_id,
         .detail = *reason});
  co_return true;
}

asio::awaitable<Answer> CoreSignIn::user_of(const RequestView& request, const Route& route) {
  auto cookie = sessions_.find(request);
  if (cookie && !checks_.is_recent(cookie->session)) {
    const bool ended = co_await ends_by_check(cookie->session, request.remote_address, std::string(request.request_id));
    if (ended) cookie.reset();
  }
  if (cookie) cookie->session.forwarded_tgt = route.delegation == Delegation::forwarded_tgt;
  if (takes_tokens(route) && is_negotiate(request.authorization)) {
    auto answer = co_await by_token(request, route, cookie);
    co_return answer;
  }
  if (cookie && route.allows(cookie->session.method)) {
    bool usable = fits_certificate(request, *cookie);
    if (needs_evidence(cookie->session, route)) usable = co_await tickets_->has_evidence(cookie->session);
    if (usable) co_return SignedIn{.session = cookie->session, .response_headers = sessions_.renewal(request, *cookie)};
  }
  if (route.allows(SignInMethod::certificate)) {
    const bool has_other_method = route.allows(SignInMethod::kerberos) || route.allows(SignInMethod::forms);
    const CertificateUse use = has_other_method ? CertificateUse::optional : CertificateUse::required;
    auto answer = co_await certificates_.sign_in(request, use);
    if (auto* const signed_in = std::get_if<SignedIn>(&answer)) co_return std::move(*signed_in);
    if (!has_other_method) co_return certificate_page(std::get<CertificateFault>(answer), request.request_id);
  }
  co_return challenge(request, route);
}

// --- Kerberos ---

asio::awaitable<Answer> CoreSignIn::by_token(const RequestView& request, const Route& route,
                                             std::optional<SessionCookie> cookie) {
  auto judged = co_await kerberos_.accept(request);
  if (const auto* const refused = std::get_if<RefusedClient>(&judged))
    co_return refuse_token(request, route, "", refused->reason);
  if (const auto* const unfinished = std::get_if<UnfinishedClient>(&judged))
    co_return ask_for_next_token(request, *unfinished);
  auto& client = std::get<AcceptedClient>(judged);
  if (kind_of(client.user) == PrincipalKind::nobody)
    co_return refuse_token(request, route, client.user, "this principal is anonymous, or a KDC's own");
  // A client that sends a token with each request keeps the session that it has.
  bool keeps_session =
      cookie && cookie->session.user == client.user && cookie->session.method == SignInMethod::kerberos;
  if (keeps_session) keeps_session = co_await tickets_->has_evidence(cookie->session);
  Answer answer;
  if (keeps_session)
    answer = SignedIn{.session = cookie->session, .response_headers = sessions_.renewal(request, *cookie)};
  else
    answer = co_await begin_with_token(request, route, client);
  auto* const signed_in = std::get_if<SignedIn>(&answer);
  if (signed_in != nullptr && !client.reply.empty())
    signed_in->response_headers.emplace_back("WWW-Authenticate", "Negotiate " + base64(client.reply));
  co_return answer;
}

// A new session, with the client's ticket as its evidence.
asio::awaitable<Answer> CoreSignIn::begin_with_token(const RequestView& request, const Route& route,
                                                     AcceptedClient& client) {
  const auto ticket = decode_ticket(client.ticket);
  SignedIn begun = sessions_.begin(request, client.user, SignInMethod::kerberos,
                                   ticket ? state_->groups_in(*ticket) : std::nullopt, client.ticket);
  if (auto refused = refuse_user(request, route, begun.session)) co_return std::move(*refused);
  const Session for_s4u = begun.session;
  if (route.delegation == Delegation::forwarded_tgt) {
    begun.session.forwarded_tgt = true;
    const auto tgt = co_await tickets_->keep_evidence(begun.session, std::move(client.ap_req));
    if (!tgt) co_return no_forwarded_tgt(request, begun.session, tgt.error().text);
  }
  const auto kept = co_await tickets_->keep_evidence(for_s4u, std::move(client.ticket));
  if (!kept) co_return refuse_token(request, route, client.user, kept.error().text);
  if (*kept != client.user) co_return refuse_token(request, route, client.user, "the ticket names " + *kept);
  audit_session(AuditKind::sign_in, request, begun.session, client.channel_bound ? "channel bound" : "");
  co_return begun;
}

// Nothing if the request's token is of this user; else whose it is, or why that is not known.
asio::awaitable<std::optional<std::string>> CoreSignIn::mismatch_of_token(const RequestView& request,
                                                                          std::string user) {
  if (!kerberos_.is_on()) co_return "Kerberos sign-in is off";
  const auto judged = co_await kerberos_.accept(request);
  if (const auto* const refused = std::get_if<RefusedClient>(&judged)) co_return refused->reason;
  if (std::holds_alternative<UnfinishedClient>(judged)) co_return "it takes more than one token";
  const std::string& other = std::get<AcceptedClient>(judged).user;
  if (other == user) co_return std::nullopt;
  co_return other;
}

OwnResponse CoreSignIn::refuse_token(const RequestView& request, const Route& route, std::string_view user,
                                     std::string_view reason) {
  audit_refusal(request, SignInMethod::kerberos, user, reason);
  return challenge(request, route);
}

// The client's next request on this connection goes on with the exchange.
OwnResponse CoreSignIn::ask_for_next_token(const RequestView& request, const UnfinishedClient& client) {
  OwnResponse response = error_page(401, request.request_id, "Sign-in was not completed",
                                    "Your browser stopped part-way; please load the page again.");
  response.needs_http_1_1 = request.negotiation == nullptr;
  response.headers.emplace_back("WWW-Authenticate",
                                client.reply.empty() ? "Negotiate" : "Negotiate " + base64(client.reply));
  return response;
}

// --- challenges ---

// Asks for the methods that the route accepts: Negotiate before the form, the form before a certificate.
OwnResponse CoreSignIn::challenge(const RequestView& request, const Route& route) {
  const bool forms = route.allows(SignInMethod::forms);
  const bool had_session = find_cookie(request.cookie, session_cookie_name(request.tls)).has_value();
  // Whoever sends a form when their session has ended must be able to send it again.
  const bool is_sent_form = forms && had_session && !is_safe(request) && is_browser(request);
  if (route.allows(SignInMethod::kerberos)) {
    OwnResponse response =
        is_sent_form ? session_ended_page(request.request_id)
        : forms
            ? forms_.form(request, 401, request.target, "",
                          had_session ? text_of(LoginTrouble::session_ended) : std::string_view{})
            : error_page(401, request.request_id, "Sign-in needed",
                         "This site signs you in with Kerberos, and your browser sent no valid ticket. Sign in to your "
                         "domain, and add this site to the browser's intranet or trusted sites.");
    response.headers.emplace_back("WWW-Authenticate", "Negotiate");
    return response;
  }
  if (!forms) return certificate_page(CertificateFault::none_sent, request.request_id);
  const bool wants_page = request.method == "GET" && request.accept.find("text/html") != std::string_view::npos;
  if (wants_page)
    return redirect_page(request.request_id, std::string(kLoginPath) + "?return=" + percent_encode(request.target),
                         "Sign-in needed", "Continue with the login form.");
  OwnResponse response =
      is_sent_form ? session_ended_page(request.request_id)
                   : error_page(401, request.request_id, "Sign-in needed", "Sign in with the form at /.stead/login.");
  response.headers.emplace_back("WWW-Authenticate", kFormScheme);
  return response;
}

asio::awaitable<OwnResponse> CoreSignIn::own_page(const RequestView& request, std::string body) {
  return account_pages_.page(request, std::move(body));
}

}  // namespace

Checked<std::vector<std::shared_ptr<SignIn>>> make_sign_in(const Config& config,
                                                           const std::vector<std::shared_ptr<BackendTickets>>& tickets,
                                                           const std::shared_ptr<SignInMemory>& memory) {
  const auto state = open_sign_in_state(config, memory);
  if (!state) return state.error();
  std::vector<std::shared_ptr<SignIn>> cores;
  for (const auto& of_core : tickets) {
    auto evidence = (*state)->shared ? with_shared_evidence(of_core, (*state)->shared) : of_core;
    cores.push_back(std::make_shared<CoreSignIn>(*state, std::move(evidence)));
  }
  return cores;
}

}  // namespace stead::proxy
