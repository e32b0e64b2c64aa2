#include "proxy/sign_in.h"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <openssl/evp.h>

#include "proxy/audit_log.h"
#include "proxy/backend_ticket.h"
#include "proxy/csrf.h"
#include "proxy/forms_sign_in.h"
#include "proxy/login_form.h"
#include "proxy/own_pages.h"
#include "proxy/sign_in_state.h"

namespace stead::proxy {
namespace {

namespace asio = boost::asio;
using std::chrono::system_clock;

constexpr std::size_t kMostTokenBytes = 96 * 1024;  // a ticket with a large PAC; the head's limit is lower by default

std::chrono::sys_seconds now_seconds() { return std::chrono::floor<std::chrono::seconds>(system_clock::now()); }

// The token of "Negotiate BASE64"; nothing where the header is something else or the text is not base64.
std::optional<Buffer> negotiate_token(std::string_view authorization) {
  constexpr std::string_view kScheme = "Negotiate ";
  if (authorization.size() <= kScheme.size() || !equal_ignoring_case(authorization.substr(0, kScheme.size()), kScheme)) return std::nullopt;
  std::string_view text = authorization.substr(kScheme.size());
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  if (text.empty() || text.size() % 4 != 0 || text.size() > kMostTokenBytes * 4 / 3) return std::nullopt;
  Buffer out(text.size() / 4 * 3);
  const int size = EVP_DecodeBlock(out.data(), reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (size < 0) return std::nullopt;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  out.resize(static_cast<std::size_t>(size) - padding);
  return out;
}

std::string base64(Bytes bytes) {
  std::string out((bytes.size() + 2) / 3 * 4, '\0');
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), bytes.data(), static_cast<int>(bytes.size()));
  return out;
}

class CoreSignIn : public SignIn {
 public:
  CoreSignIn(std::shared_ptr<SignInState> state, std::shared_ptr<BackendTickets> tickets)
      : state_(std::move(state)), tickets_(std::move(tickets)), forms_(state_, tickets_) {}

  asio::awaitable<std::variant<SignedIn, OwnResponse>> decide(const RequestView& request, const Route& route) override {
    const auto cookie = session_of(request);
    if (!request.authorization.empty() && route.allows(SignInMethod::kerberos) && state_->acceptor)
      if (auto token = negotiate_token(request.authorization)) co_return co_await by_token(request, route, std::move(*token), cookie);
    if (cookie && route.allows(cookie->session.method)) {
      bool usable = true;
      if (cookie->session.method == SignInMethod::kerberos && route.delegation == Delegation::s4u)
        usable = co_await tickets_->has_evidence(cookie->session);
      if (usable) co_return SignedIn{.session = cookie->session, .response_headers = renewed(request, *cookie)};
    }
    co_return challenge(request, route);
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
      if (reads) co_return who_am_i(request);
      co_return not_allowed(request, "GET, HEAD");
    }
    co_return error_page(404, request.request_id, "Not found", "There is no such page here.");
  }

 private:
  // The cookie's session where it is ours, not past its ends and not signed out.
  std::optional<SessionCookie> session_of(const RequestView& request) {
    const auto sealed = find_cookie(request.cookie, session_cookie_name(request.tls));
    if (!sealed) return std::nullopt;
    auto cookie = open_session(state_->keys, *sealed);
    const auto now = now_seconds();
    if (!cookie || cookie->session.expires <= now || now - cookie->seen >= state_->config.session_idle) return std::nullopt;
    if (state_->revocations.generation() != revoked_generation_) revoked_ = state_->revocations.copy(revoked_generation_);
    if (revoked_.contains(cookie->session.id)) return std::nullopt;
    return cookie;
  }

  // The cookie moves its idle end when an eighth of it has gone by: not with every answer.
  HeaderList renewed(const RequestView& request, SessionCookie cookie) const {
    const auto now = now_seconds();
    if (now - cookie.seen < state_->config.session_idle / 8) return {};
    cookie.seen = now;
    return {{"Set-Cookie", set_cookie(session_cookie_name(request.tls), seal_session(state_->keys, cookie), request.tls)}};
  }

  asio::awaitable<std::variant<SignedIn, OwnResponse>> by_token(const RequestView& request, const Route& route, Buffer token,
                                                                std::optional<SessionCookie> cookie) {
    std::function<asio::awaitable<std::variant<AcceptedClient, RefusedClient>>()> accept =
        [state = state_, token = std::move(token),
         bindings = std::string(request.channel_bindings)]() -> asio::awaitable<std::variant<AcceptedClient, RefusedClient>> {
      co_return state->acceptor->accept(token, as_bytes(bindings), state->bindings);
    };
    auto answer = co_await asio::co_spawn(state_->pool.get_executor(), std::move(accept),
                                          asio::bind_cancellation_slot(asio::cancellation_slot(), asio::use_awaitable));
    if (const auto* refused = std::get_if<RefusedClient>(&answer)) {
      audit({.what = "sign-in refused", .user = "", .method = "kerberos", .address = request.remote_address,
             .request_id = request.request_id, .detail = refused->reason});
      co_return challenge(request, route);
    }
    auto& client = std::get<AcceptedClient>(answer);
    SignedIn out;
    const auto now = now_seconds();
    // A client that sends a token with each request keeps the session it has.
    const bool same = cookie && cookie->session.user == client.user && cookie->session.method == SignInMethod::kerberos &&
                      co_await tickets_->has_evidence(cookie->session);
    if (same) {
      out.session = cookie->session;
      out.response_headers = renewed(request, *cookie);
    } else {
      out.session = {.id = new_session_id(), .user = client.user, .method = SignInMethod::kerberos,
                     .expires = now + state_->config.session_lifetime};
      const auto kept = co_await tickets_->keep_evidence(out.session, std::move(client.ticket));
      if (!kept || *kept != client.user) {
        audit({.what = "sign-in refused", .user = client.user, .method = "kerberos", .address = request.remote_address,
               .request_id = request.request_id, .detail = kept ? "the ticket names " + *kept : kept.error().text});
        co_return challenge(request, route);
      }
      out.response_headers = {{"Set-Cookie", set_cookie(session_cookie_name(request.tls),
                                                        seal_session(state_->keys, {.session = out.session, .issued = now, .seen = now}),
                                                        request.tls)}};
      audit({.what = "sign-in", .user = client.user, .method = "kerberos", .address = request.remote_address,
             .request_id = request.request_id, .detail = client.channel_bound ? "channel bound" : ""});
    }
    if (!client.reply.empty()) out.response_headers.emplace_back("WWW-Authenticate", "Negotiate " + base64(client.reply));
    co_return out;
  }

  // Asks for what the route takes (contract.md's table).
  OwnResponse challenge(const RequestView& request, const Route& route) {
    const bool forms = route.allows(SignInMethod::forms);
    if (route.allows(SignInMethod::kerberos)) {
      OwnResponse response = forms ? forms_.form(request, 401, request.target, "", "")
                                   : error_page(401, request.request_id, "Sign-in needed", "This site signs you in with Kerberos. Your browser sent no "
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
      OwnResponse response = error_page(401, request.request_id, "Sign-in needed", "Sign in with the form at /.stead/login.");
      response.headers.emplace_back("WWW-Authenticate", "Stead-Form");
      return response;
    }
    audit({.what = "sign-in refused", .user = "", .method = "certificate", .address = request.remote_address, .request_id = request.request_id,
           .detail = request.client_certificate_error.empty() ? "no client certificate" : request.client_certificate_error});
    return error_page(403, request.request_id, "Certificate needed", "This site signs you in with a client certificate, and your browser sent none "
                      "that is accepted here.");
  }

  OwnResponse log_out(const RequestView& request) {
    if (!is_same_origin(request))
      return error_page(403, request.request_id, "Not signed out", "The request to sign out came from another site.");
    if (const auto cookie = session_of(request)) {
      state_->revocations.add(cookie->session, system_clock::now());
      tickets_->forget(cookie->session);
      audit({.what = "sign-out", .user = cookie->session.user, .method = to_string(cookie->session.method),
             .address = request.remote_address, .request_id = request.request_id, .detail = ""});
    }
    OwnResponse response = error_page(303, request.request_id, "Signed out", "You are signed out.");
    response.headers.emplace_back("Location", state_->config.forms ? "/.stead/login" : "/");
    response.headers.emplace_back("Set-Cookie", set_cookie(session_cookie_name(request.tls), "", request.tls, std::chrono::seconds(0)));
    return response;
  }

  OwnResponse who_am_i(const RequestView& request) {
    OwnResponse response{.status = 200, .headers = {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}}, .body = {}};
    if (const auto cookie = session_of(request)) {
      response.body = session_json(cookie->session);
    } else {
      response.status = 401;
      response.headers.emplace_back("WWW-Authenticate", "Stead-Form");
      response.body = "{\"user\": null}\n";
    }
    return response;
  }

  static OwnResponse not_allowed(const RequestView& request, std::string_view allowed) {
    OwnResponse response = error_page(405, request.request_id, "Not allowed", "This page does not take that method.");
    response.headers.emplace_back("Allow", allowed);
    return response;
  }

  std::shared_ptr<SignInState> state_;
  std::shared_ptr<BackendTickets> tickets_;
  FormsSignIn forms_;
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

Result<std::vector<std::shared_ptr<SignIn>>> make_sign_in(const Config& config, const std::vector<std::shared_ptr<BackendTickets>>& tickets,
                                                          std::string& message) {
  auto keys = SessionKeys::open(config.session_key_file, message);
  if (!keys) return make_error_code(boost::system::errc::no_such_file_or_directory);
  auto state = std::make_shared<SignInState>(config, std::move(*keys));
  state->bindings = config.channel_bindings == "require"  ? BindingsPolicy::require
                    : config.channel_bindings == "ignore" ? BindingsPolicy::ignore
                                                          : BindingsPolicy::allow;
  if (config.kerberos) {
    state->acceptor = KerberosAcceptor::open(config.client.keytab, message);
    if (!state->acceptor) return make_error_code(boost::system::errc::no_such_file_or_directory);
  }
  std::vector<std::shared_ptr<SignIn>> cores;
  for (const auto& core_tickets : tickets) cores.push_back(std::make_shared<CoreSignIn>(state, core_tickets));
  return cores;
}

}  // namespace stead::proxy
