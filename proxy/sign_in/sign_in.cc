#include "proxy/sign_in/sign_in.h"

#include <spdlog/spdlog.h>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "proxy/observe/audit_log.h"
#include "proxy/sign_in/certificate_sign_in.h"
#include "proxy/sign_in/csrf.h"
#include "proxy/sign_in/forms_sign_in.h"
#include "proxy/sign_in/login_form.h"
#include "proxy/sign_in/own_pages.h"
#include "proxy/sign_in/sign_in_state.h"
#include "proxy/tickets/backend_tickets.h"
#include "sspi_shim/base/base64.h"
#include "sspi_shim/krb5/keytab.h"

namespace stead::proxy {
namespace {

namespace asio = boost::asio;
using std::chrono::system_clock;

constexpr std::size_t kMostTokenBytes = 96 * 1024;  // a ticket with a large PAC; the head's limit is lower by default

std::chrono::sys_seconds now_seconds() {
  return std::chrono::floor<std::chrono::seconds>(system_clock::now());
}

constexpr std::string_view kScheme = "Negotiate";

bool is_negotiate(std::string_view authorization) {
  if (!equal_ignoring_case(authorization.substr(0, kScheme.size()), kScheme)) return false;
  return authorization.size() == kScheme.size() || authorization[kScheme.size()] == ' ';
}

// The token of "Negotiate BASE64"; nothing where the text is not base64.
std::optional<Buffer> negotiate_token(std::string_view authorization) {
  std::string_view text = authorization.substr(kScheme.size());
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  if (text.size() > kMostTokenBytes / 3 * 4) return std::nullopt;
  return from_base64(text);
}

class CoreSignIn : public SignIn {
 public:
  CoreSignIn(std::shared_ptr<SignInState> state, std::shared_ptr<BackendTickets> tickets)
      : state_(std::move(state)),
        tickets_(std::move(tickets)),
        forms_(state_, tickets_),
        certificates_(state_, tickets_),
        at_once_(state_->acceptor ? state_->acceptor->at_once() : nullptr),
        opened_(state_->keys) {}

  std::optional<SignedIn> known(const RequestView& request, const Route& route) override {
    if (is_negotiate(request.authorization)) return std::nullopt;
    auto cookie = session_of(request);
    if (!cookie || !route.allows(cookie->session.method) || !fits_certificate(request, *cookie)) return std::nullopt;
    cookie->session.forwarded_tgt = route.delegation == Delegation::forwarded_tgt;
    const bool needs_evidence =
        cookie->session.method == SignInMethod::kerberos && route.delegation != Delegation::none;
    if (needs_evidence && !tickets_->knows_evidence(cookie->session)) return std::nullopt;
    HeaderList headers = renewed(request, *cookie);
    return SignedIn{.session = std::move(cookie->session), .response_headers = std::move(headers)};
  }

  asio::awaitable<std::variant<SignedIn, OwnResponse>> decide(const RequestView& request, const Route& route) override {
    auto answer = co_await user_of(request, route);
    if (!is_negotiate(request.authorization) || takes_tokens(route)) co_return answer;
    // The route takes no tokens, but one is here: whoever it is for must be whom the request is made as.
    if (const auto* const signed_in = std::get_if<SignedIn>(&answer)) {
      std::string other;
      const bool same = co_await token_is_of(request, signed_in->session.user, other);
      if (!same) co_return two_users(request, signed_in->session, other);
    }
    co_return answer;
  }

  asio::awaitable<OwnResponse> own_page(const RequestView& request, std::string body) override {
    const std::string_view path = request.target.substr(0, request.target.find('?'));
    const bool reads = request.method == "GET" || request.method == "HEAD";
    if (path == "/.stead/login" && state_->config.forms) {
      if (reads) co_return forms_.form(request, 200, query_parameter(request.target, "return").value_or("/"), "", "");
      if (request.method == "POST") co_return co_await forms_.post(request, std::move(body));
      co_return not_allowed(request, "GET, HEAD, POST");
    }
    if (path == "/.stead/logout") {
      if (request.method == "POST") co_return log_out(request);
      co_return not_allowed(request, "POST");
    }
    if (path == "/.stead/whoami") {
      if (reads) {
        auto answer = co_await who_am_i(request);
        co_return answer;
      }
      co_return not_allowed(request, "GET, HEAD");
    }
    co_return error_page(404, request.request_id, "Not found", "There is no such page here.");
  }

 private:
  [[nodiscard]] bool takes_tokens(const Route& route) const {
    return route.allows(SignInMethod::kerberos) && state_->acceptor;
  }

  asio::awaitable<std::variant<SignedIn, OwnResponse>> user_of(const RequestView& request, const Route& route) {
    auto cookie = session_of(request);
    if (cookie) cookie->session.forwarded_tgt = route.delegation == Delegation::forwarded_tgt;
    if (takes_tokens(route) && is_negotiate(request.authorization)) {
      auto answer = co_await by_token(request, route, cookie);
      co_return answer;
    }
    if (cookie && route.allows(cookie->session.method)) {
      bool usable = fits_certificate(request, *cookie);
      if (cookie->session.method == SignInMethod::kerberos && route.delegation != Delegation::none)
        usable = co_await tickets_->has_evidence(cookie->session);
      if (usable) co_return SignedIn{.session = cookie->session, .response_headers = renewed(request, *cookie)};
    }
    if (route.allows(SignInMethod::certificate)) {
      const bool needed = !route.allows(SignInMethod::kerberos) && !route.allows(SignInMethod::forms);
      auto answer = co_await by_certificate(request, needed);
      if (auto* const signed_in = std::get_if<SignedIn>(&answer)) co_return std::move(*signed_in);
      if (needed) co_return certificate_page(std::get<CertificateFault>(answer), request.request_id);
    }
    co_return challenge(request, route);
  }

  // The cookie's session where it is ours, not past its ends and not signed out.
  std::optional<SessionCookie> session_of(const RequestView& request) {
    const auto sealed = find_cookie(request.cookie, session_cookie_name(request.tls));
    if (!sealed) return std::nullopt;
    const SessionCookie* const cookie = opened_.open(*sealed);
    const auto now = now_seconds();
    if (cookie == nullptr || cookie->session.expires <= now ||
        now - cookie->issued >= state_->config.session_lifetime || now - cookie->seen >= state_->config.session_idle)
      return std::nullopt;
    if (state_->revocations.generation() != revoked_generation_)
      revoked_ = state_->revocations.copy(revoked_generation_);
    if (revoked_.contains(cookie->session.id)) return std::nullopt;
    return *cookie;
  }

  // The cookie moves its idle end when an eighth of it has gone by: not with every answer.
  HeaderList renewed(const RequestView& request, const SessionCookie& cookie) const {
    const auto now = now_seconds();
    if (now - cookie.seen < state_->config.session_idle / 8) return {};
    SessionCookie moved = cookie;
    moved.seen = now;
    return {
        {"Set-Cookie", set_cookie(session_cookie_name(request.tls), seal_session(state_->keys, moved), request.tls)}};
  }

  // A certificate's session is for the certificate that began it: not for one that TLS refuses now, nor for another
  // one.
  static bool fits_certificate(const RequestView& request, const SessionCookie& cookie) {
    if (cookie.session.method != SignInMethod::certificate) return true;
    if (!request.client_certificate_error.empty()) return false;
    return request.client_certificate.empty() ||
           equal_in_constant_time(certificate_digest(request.client_certificate), cookie.certificate);
  }

  // A new session with its cookie. `certificate`: what signed in, in DER; empty with other methods.
  SignedIn begin_session(const RequestView& request, std::string user, SignInMethod method, Bytes certificate) const {
    const auto now = now_seconds();
    SessionCookie cookie{.session = {.id = new_session_id(),
                                     .user = std::move(user),
                                     .method = method,
                                     .expires = now + state_->config.session_lifetime},
                         .issued = now,
                         .seen = now,
                         .certificate = certificate.empty() ? Buffer() : certificate_digest(certificate)};
    std::string header = set_cookie(session_cookie_name(request.tls), seal_session(state_->keys, cookie), request.tls);
    return {.session = std::move(cookie.session), .response_headers = {{"Set-Cookie", std::move(header)}}};
  }

  static void note_sign_in(const RequestView& request, const Session& session, std::string_view detail) {
    audit({.what = "sign-in",
           .user = session.user,
           .method = to_string(session.method),
           .address = request.remote_address,
           .request_id = request.request_id,
           .detail = detail});
  }

  // `needed`: there is no other way to sign in.
  asio::awaitable<std::variant<SignedIn, CertificateFault>> by_certificate(const RequestView& request, bool needed) {
    CertificateRefused refused{.fault = fault_of(request.client_certificate_error),
                               .detail = request.client_certificate_error};
    if (!request.client_certificate.empty()) {
      auto answer = co_await certificates_.user_of(request.client_certificate);
      if (auto* const user = std::get_if<std::string>(&answer)) {
        SignedIn begun =
            begin_session(request, std::move(*user), SignInMethod::certificate, request.client_certificate);
        note_sign_in(request, begun.session, request.client_certificate_name);
        co_return begun;
      }
      refused = std::move(std::get<CertificateRefused>(answer));
    } else if (refused.fault == CertificateFault::none_sent) {
      refused.detail = "no client certificate was sent";
    } else {
      refused.detail.insert(0, "the client certificate does not verify: ");
    }
    if (!request.client_certificate_name.empty())
      refused.detail.append(" (").append(request.client_certificate_name).append(")");
    if (needed || refused.fault != CertificateFault::none_sent)
      audit({.what = "sign-in refused",
             .user = "",
             .method = "certificate",
             .address = request.remote_address,
             .request_id = request.request_id,
             .detail = refused.detail});
    co_return refused.fault;
  }

  OwnResponse refuse_token(const RequestView& request, const Route& route, std::string_view user,
                           std::string_view reason) {
    audit({.what = "sign-in refused",
           .user = user,
           .method = "kerberos",
           .address = request.remote_address,
           .request_id = request.request_id,
           .detail = reason});
    return challenge(request, route);
  }

  // Asking for another token would bring the same: who the user is, is known.
  static OwnResponse no_forwarded_tgt(const RequestView& request, const Session& session, std::string_view reason) {
    audit({.what = "forwarded TGT refused",
           .user = session.user,
           .method = "kerberos",
           .address = request.remote_address,
           .request_id = request.request_id,
           .detail = reason});
    return error_page(403, request.request_id, "No forwarded ticket",
                      "This application works with a ticket that your browser hands on, and it handed on none that may "
                      "be used. Accounts that are "
                      "marked sensitive never do; other browsers must be told to delegate to this site. The log has "
                      "the reason under this "
                      "request's number.");
  }

  asio::awaitable<std::variant<AcceptedClient, RefusedClient>> accept_token(const RequestView& request) {
    auto token = negotiate_token(request.authorization);
    if (!token) co_return RefusedClient{.reason = "the token is not base64, or too long"};
    if (auto client = at_once_->accept(*token, as_bytes(request.channel_bindings), state_->config.channel_bindings))
      co_return std::move(*client);
    std::function<asio::awaitable<std::variant<AcceptedClient, RefusedClient>>()> accept =
        [state = state_, held = std::move(*token),
         bindings =
             std::string(request.channel_bindings)]() -> asio::awaitable<std::variant<AcceptedClient, RefusedClient>> {
      co_return state->acceptor->accept(held, as_bytes(bindings), state->config.channel_bindings);
    };
    auto answer = co_await asio::co_spawn(state_->pool.get_executor(), std::move(accept),
                                          asio::bind_cancellation_slot(asio::cancellation_slot(), asio::use_awaitable));
    co_return answer;
  }

  // Where it is not: `other` says whose it is, or why that is not known.
  asio::awaitable<bool> token_is_of(const RequestView& request, std::string user, std::string& other) {
    other = "Kerberos sign-in is off";
    if (!state_->acceptor) co_return false;
    const auto answer = co_await accept_token(request);
    if (const auto* const client = std::get_if<AcceptedClient>(&answer)) {
      other = client->user;
      co_return client->user == user;
    }
    other = std::get<RefusedClient>(answer).reason;
    co_return false;
  }

  static OwnResponse two_users(const RequestView& request, const Session& session, std::string_view other) {
    audit({.what = "sign-in refused",
           .user = session.user,
           .method = to_string(session.method),
           .address = request.remote_address,
           .request_id = request.request_id,
           .detail = "beside it came a Negotiate token, on a route that takes none: " + std::string(other)});
    return error_page(403, request.request_id, "Two users at once",
                      "Your browser sent a Kerberos ticket that is not of the user who is signed in here.");
  }

  asio::awaitable<std::variant<SignedIn, OwnResponse>> by_token(const RequestView& request, const Route& route,
                                                                std::optional<SessionCookie> cookie) {
    auto answer = co_await accept_token(request);
    if (const auto* refused = std::get_if<RefusedClient>(&answer))
      co_return refuse_token(request, route, "", refused->reason);
    auto& client = std::get<AcceptedClient>(answer);
    const bool wants_tgt = route.delegation == Delegation::forwarded_tgt;
    SignedIn out;
    // A client that sends a token with each request keeps the session it has.
    bool same = cookie && cookie->session.user == client.user && cookie->session.method == SignInMethod::kerberos;
    if (same) same = co_await tickets_->has_evidence(cookie->session);
    if (same) {
      out = {.session = cookie->session, .response_headers = renewed(request, *cookie)};
    } else {
      SignedIn begun = begin_session(request, client.user, SignInMethod::kerberos, {});
      const Session for_s4u = begun.session;
      begun.session.forwarded_tgt = wants_tgt;
      if (wants_tgt) {
        const auto tgt = co_await tickets_->keep_evidence(begun.session, std::move(client.ap_req));
        if (!tgt) co_return no_forwarded_tgt(request, begun.session, tgt.error().text);
      }
      const auto kept = co_await tickets_->keep_evidence(for_s4u, std::move(client.ticket));
      if (!kept) co_return refuse_token(request, route, client.user, kept.error().text);
      if (*kept != client.user) co_return refuse_token(request, route, client.user, "the ticket names " + *kept);
      out = std::move(begun);
      note_sign_in(request, out.session, client.channel_bound ? "channel bound" : "");
    }
    if (!client.reply.empty())
      out.response_headers.emplace_back("WWW-Authenticate", "Negotiate " + base64(client.reply));
    co_return out;
  }

  // Asks for what the route takes (contract.md's table).
  OwnResponse challenge(const RequestView& request, const Route& route) {
    const bool forms = route.allows(SignInMethod::forms);
    if (route.allows(SignInMethod::kerberos)) {
      OwnResponse response =
          forms ? forms_.form(request, 401, request.target, "", "")
                : error_page(
                      401, request.request_id, "Sign-in needed",
                      "This site signs you in with Kerberos. Your browser sent no "
                      "ticket for it: sign in to the domain, and see that the site is in the browser's trusted list.");
      response.headers.emplace_back("WWW-Authenticate", "Negotiate");
      return response;
    }
    if (forms) {
      const bool wants_page = request.method == "GET" && request.accept.find("text/html") != std::string_view::npos;
      if (wants_page) {
        OwnResponse response = error_page(303, request.request_id, "Sign-in needed", "Go on to the login form.");
        response.headers.emplace_back("Location", "/.stead/login?return=" + percent_encode(request.target));
        return response;
      }
      OwnResponse response =
          error_page(401, request.request_id, "Sign-in needed", "Sign in with the form at /.stead/login.");
      response.headers.emplace_back("WWW-Authenticate", "Stead-Form");
      return response;
    }
    return certificate_page(CertificateFault::none_sent, request.request_id);
  }

  OwnResponse log_out(const RequestView& request) {
    if (!is_same_origin(request))
      return error_page(403, request.request_id, "Not signed out", "The request to sign out came from another site.");
    if (const auto cookie = session_of(request)) {
      state_->revocations.add(cookie->session, system_clock::now());
      tickets_->forget(cookie->session);
      audit({.what = "sign-out",
             .user = cookie->session.user,
             .method = to_string(cookie->session.method),
             .address = request.remote_address,
             .request_id = request.request_id,
             .detail = ""});
    }
    OwnResponse response = error_page(303, request.request_id, "Signed out", "You are signed out.");
    response.headers.emplace_back("Location", state_->config.forms ? "/.stead/login" : "/");
    response.headers.emplace_back(
        "Set-Cookie", set_cookie(session_cookie_name(request.tls), "", request.tls, std::chrono::seconds(0)));
    return response;
  }

  asio::awaitable<OwnResponse> who_am_i(const RequestView& request) {
    OwnResponse response{
        .status = 200, .headers = {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}}, .body = {}};
    const auto cookie = session_of(request);
    if (cookie && fits_certificate(request, *cookie)) {
      response.body = session_json(cookie->session);
      co_return response;
    }
    if (state_->config.certificate_sign_in && !request.client_certificate.empty()) {
      auto answer = co_await by_certificate(request, false);
      if (const auto* const signed_in = std::get_if<SignedIn>(&answer)) {
        response.body = session_json(signed_in->session);
        response.headers.insert(response.headers.end(), signed_in->response_headers.begin(),
                                signed_in->response_headers.end());
        co_return response;
      }
    }
    response.status = 401;
    response.headers.emplace_back("WWW-Authenticate", "Stead-Form");
    response.body = "{\"user\": null}\n";
    co_return response;
  }

  static OwnResponse not_allowed(const RequestView& request, std::string_view allowed) {
    OwnResponse response = error_page(405, request.request_id, "Not allowed", "This page does not take that method.");
    response.headers.emplace_back("Allow", allowed);
    return response;
  }

  std::shared_ptr<SignInState> state_;
  std::shared_ptr<BackendTickets> tickets_;
  FormsSignIn forms_;
  CertificateSignIn certificates_;
  std::unique_ptr<KerberosAcceptor::AtOnce> at_once_;  // null where Kerberos sign-in is off
  OpenedCookies opened_;
  Revocations::Ids revoked_;
  std::uint64_t revoked_generation_ = 0;
};

}  // namespace

void Revocations::add(const Session& session, system_clock::time_point now) {
  const std::lock_guard lock(mutex_);
  std::erase_if(ids_, [&](const auto& entry) { return entry.second <= now; });
  ids_[session.id] = session.expires;
  generation_.fetch_add(1, std::memory_order_release);
}

Revocations::Ids Revocations::copy(std::uint64_t& generation) const {
  const std::lock_guard lock(mutex_);
  generation = generation_.load(std::memory_order_relaxed);
  return ids_;
}

Result<std::vector<std::shared_ptr<SignIn>>> make_sign_in(const Config& config,
                                                          const std::vector<std::shared_ptr<BackendTickets>>& tickets,
                                                          std::string& message) {
  auto keys = SessionKeys::open(config.session_key_file, message);
  if (!keys) return make_error_code(boost::system::errc::no_such_file_or_directory);
  for (const Route& route : config.routes) {
    if (route.delegation != Delegation::forwarded_tgt) continue;
    spdlog::warn(
        "route {}{}: delegation = \"forwarded-tgt\" is unconstrained: whoever gets hold of this process acts as its "
        "users towards "
        "every service; s4u is bound to the services that an administrator allowed",
        route.host, route.path);
  }
  auto state = std::make_shared<SignInState>(config, std::move(*keys));
  if (config.kerberos) {
    state->acceptor = KerberosAcceptor::open(
        {.keytab = config.client.keytab, .principal = config.client.principal, .allow_rc4 = config.client.allow_rc4},
        message);
    if (!state->acceptor) return make_error_code(boost::system::errc::no_such_file_or_directory);
  }
  if (config.certificate_sign_in) {
    const auto principal = parse_principal(config.client.principal);
    if (!principal) return message = config.client.principal + " is no principal", principal.error();
    const auto entries = read_keys_of(config.client.keytab, *principal);
    if (!entries) {
      message = to_string(entries.error());
      return entries.error().code;
    }
    state->own_keys = std::make_shared<OwnKeys>(keys_of(*entries, WeakKeys::included),
                                                read_from_keytab(config.client.keytab, *principal, WeakKeys::included));
  }
  std::vector<std::shared_ptr<SignIn>> cores;
  for (const auto& core_tickets : tickets) cores.push_back(std::make_shared<CoreSignIn>(state, core_tickets));
  return cores;
}

}  // namespace stead::proxy
