#include "proxy/sign_in/forms_sign_in.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "proxy/http/cookies.h"
#include "proxy/pages/own_pages.h"
#include "proxy/sign_in/cross_site.h"
#include "proxy/sign_in/csrf.h"
#include "proxy/sign_in/permitted_user.h"
#include "proxy/sign_in/sign_in_audit.h"
#include "sspi_shim/base/bytes.h"
#include "sspi_shim/base/text.h"
#include "sspi_shim/protocol/crypto/wipe_stack.h"
#include "sspi_shim/protocol/errors/error.h"

namespace stead::proxy {
namespace {

namespace asio = boost::asio;

constexpr LoginTrouble kTroubles[] = {LoginTrouble::wrong_password, LoginTrouble::expired_form, LoginTrouble::no_cookie,
                                      LoginTrouble::session_ended, LoginTrouble::signed_out};
constexpr std::size_t kMaxNameOctets = 320;        // a UPN: 64 @ 255
constexpr std::chrono::seconds kMaxQueueTime{10};  // waiting for other tries for the same user
constexpr std::chrono::milliseconds kQueueStep{20};

bool is_form(std::string_view content_type) {
  content_type = content_type.substr(0, content_type.find(';'));
  while (!content_type.empty() && (content_type.back() == ' ' || content_type.back() == '\t'))
    content_type.remove_suffix(1);
  return equal_ignoring_case(content_type, "application/x-www-form-urlencoded");
}

// People paste names with blanks around them, also those of word processors.
std::string trimmed_name(std::string_view name) {
  constexpr std::string_view kBlanks[] = {" ", "\t", "\r", "\n", "\u00a0", "\u3000", "\u200b", "\ufeff"};
  for (bool trimmed = true; trimmed;) {
    trimmed = false;
    for (const std::string_view blank : kBlanks) {
      const bool in_front = name.starts_with(blank);
      if (in_front) name.remove_prefix(blank.size());
      const bool behind = name.ends_with(blank);
      if (behind) name.remove_suffix(blank.size());
      trimmed = trimmed || in_front || behind;
    }
  }
  return std::string(name);
}

bool is_wrong_password(const Error& error) {
  return error == KrbErrc::KDC_ERR_PREAUTH_FAILED || error == KrbErrc::KDC_ERR_C_PRINCIPAL_UNKNOWN ||
         error == KrbErrc::KRB_AP_ERR_BAD_INTEGRITY || error == KrbErrc::KDC_ERR_PRINCIPAL_NOT_UNIQUE ||
         error == KrbErrc::KDC_ERR_WRONG_REALM;
}

// A fault of this host or its configuration, for every user.
bool is_own_fault(const Error& error) {
  return error == KrbErrc::KRB_AP_ERR_SKEW || error == KrbErrc::KDC_ERR_ETYPE_NOSUPP ||
         error == KrbErrc::KDC_ERR_SVC_UNAVAILABLE;
}

asio::awaitable<void> wait_until(std::chrono::steady_clock::time_point time) {
  asio::steady_timer timer(co_await asio::this_coro::executor, time);
  co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
}

}  // namespace

std::string_view text_of(LoginTrouble trouble) {
  switch (trouble) {
    case LoginTrouble::wrong_password:
      return "The user name or the password is not correct.";
    case LoginTrouble::expired_form:
      return "The form has expired, or it does not come from this site. Sign in again.";
    case LoginTrouble::no_cookie:
      return "Your browser sent back no cookie of this site. Allow cookies for it, then sign in again.";
    case LoginTrouble::session_ended:
      return "Your session has ended. Please sign in again.";
    case LoginTrouble::signed_out:
      break;
  }
  return "You are signed out.";
}

std::string_view word_of(LoginTrouble trouble) {
  switch (trouble) {
    case LoginTrouble::wrong_password:
      return "wrong";
    case LoginTrouble::expired_form:
      return "form";
    case LoginTrouble::no_cookie:
      return "cookies";
    case LoginTrouble::session_ended:
      return "session";
    case LoginTrouble::signed_out:
      break;
  }
  return "signed-out";
}

bool is_browser(const RequestView& request) {
  return !request.sec_fetch_site.empty();
}

FormsSignIn::FormsSignIn(std::shared_ptr<SignInState> state, std::shared_ptr<BackendTickets> tickets,
                         const Sessions& sessions)
    : state_(std::move(state)), tickets_(std::move(tickets)), sessions_(sessions) {}

OwnResponse FormsSignIn::form(const RequestView& request, int status, std::string_view return_path,
                              std::string_view user_name, std::string_view message,
                              std::vector<std::string> values) const {
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  CsrfToken csrf = make_csrf(state_->keys, request, now);
  OwnResponse response = own_page(status, {.title = "Sign in to {}",
                                           .values = std::move(values),
                                           .site = std::string(request.host),
                                           .message = std::string(message),
                                           .form = PageForm::login,
                                           .csrf = csrf.field,
                                           .return_path = safe_return_path(return_path).value_or("/"),
                                           .user_name = std::string(user_name)});
  if (csrf.set_cookie) response.headers.emplace_back("Set-Cookie", std::move(*csrf.set_cookie));
  return response;
}

OwnResponse FormsSignIn::form_for(const RequestView& request, std::string_view message) const {
  const auto why = query_parameter(request.target, "why");
  for (const LoginTrouble trouble : kTroubles)
    if (why == word_of(trouble)) message = text_of(trouble);
  return form(request, 200, query_parameter(request.target, "return").value_or("/"), "", message);
}

OwnResponse FormsSignIn::form_again(const RequestView& request, std::string_view return_path,
                                    LoginTrouble trouble) const {
  const std::string location = std::string(kLoginPath) +
                               "?return=" + percent_encode(safe_return_path(return_path).value_or("/")) +
                               "&why=" + std::string(word_of(trouble));
  return redirect_page(request.request_id, location, "Sign in again", text_of(trouble));
}

std::string FormsSignIn::with_realm(const std::string& typed) const {
  if (typed.find_first_of("@\\") != std::string::npos || state_->config.forms_realm.empty()) return typed;
  return typed + "@" + state_->config.forms_realm;
}

OwnResponse FormsSignIn::wrong_password(const RequestView& request, std::string_view return_path,
                                        std::string_view user_name) const {
  if (is_browser(request)) return form_again(request, return_path, LoginTrouble::wrong_password);
  OwnResponse response = form(request, 401, return_path, user_name, text_of(LoginTrouble::wrong_password));
  response.headers.emplace_back("WWW-Authenticate", kFormScheme);
  return response;
}

OwnResponse FormsSignIn::refused(const RequestView& request, const Failure& failure, std::string_view return_path,
                                 const std::string& user_name) const {
  if (is_wrong_password(failure.error)) return wrong_password(request, return_path, user_name);
  if (failure.error == KrbErrc::KDC_ERR_KEY_EXPIRED)
    return form(request, 403, return_path, user_name, "Your password has expired. Change it, then sign in again.");
  if (failure.kind == FailureKind::refused && !is_own_fault(failure.error))
    return error_page(
        403, request.request_id, "Sign-in refused",
        "Your account is not allowed to sign in. Ask your administrator, and give them the request id below.");
  return no_directory_page(request.request_id);
}

OwnResponse FormsSignIn::throttled(const RequestView& request, const LoginForm& fields, const std::string& name,
                                   std::chrono::seconds wait) const {
  audit_refusal(request, SignInMethod::forms, name, "too many failed sign-ins of this user or from this address");
  OwnResponse response = form(request, 429, fields.return_path, fields.username,
                              "Too many failed sign-ins. Please try again in {} minutes.",
                              {std::to_string(std::chrono::ceil<std::chrono::minutes>(wait).count())});
  response.headers.emplace_back("Retry-After", std::to_string(wait.count()));
  return response;
}

std::variant<LoginForm, OwnResponse> FormsSignIn::checked_form(const RequestView& request, std::string& body) const {
  if (!is_form(request.content_type))
    return error_page(415, request.request_id, "Not a form", "The login form sends application/x-www-form-urlencoded.");
  auto fields = parse_login_form(body);
  if (!fields)
    return error_page(400, request.request_id, "Not a login form", "The request is not one that the login form sends.");
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  if (!is_same_origin(request) || !check_csrf(state_->keys, request, fields->csrf, now)) {
    const bool no_cookie = !find_cookie(request.cookie, csrf_cookie_name(request.tls));
    const LoginTrouble trouble = no_cookie ? LoginTrouble::no_cookie : LoginTrouble::expired_form;
    if (is_browser(request) && is_same_origin(request)) return form_again(request, fields->return_path, trouble);
    return form(request, 403, fields->return_path, "", text_of(trouble));
  }
  fields->username = trimmed_name(fields->username);
  if (fields->username.empty() || fields->username.size() > kMaxNameOctets || fields->password.empty())
    return wrong_password(request, fields->return_path, fields->username.substr(0, kMaxNameOctets));
  return std::move(*fields);
}

asio::awaitable<LoginThrottle::Turn> FormsSignIn::take_turn(std::string account, std::string address) {
  const auto started = Clock::now();
  auto turn = LoginThrottle::begin(state_->throttle, account, address, started);
  while (std::holds_alternative<LoginThrottle::Busy>(turn) && Clock::now() - started < kMaxQueueTime) {
    co_await wait_until(Clock::now() + kQueueStep);
    turn = LoginThrottle::begin(state_->throttle, account, address, Clock::now());
  }
  co_return turn;
}

// Whose account a typed name means, by S4U2Self: a UPN and an account name may look nothing alike. The client caches the
// answer, which the user's back-end tickets need anyway. An account name of our own realm says it itself. Nothing: no
// KDC answers.
asio::awaitable<std::optional<std::string>> FormsSignIn::account_of(std::string typed, std::string name) {
  const std::string& self = state_->config.client.principal;
  const std::string own_realm = self.substr(self.rfind('@') + 1);
  const bool is_account_name = typed.find_first_of("@\\") == std::string::npos;
  if (is_account_name && equal_ignoring_case(own_realm, state_->config.forms_realm)) co_return throttled_account(name);
  const Outcome<Identity> who = co_await tickets_->client().user(name);
  if (who) co_return throttled_account(who->principal());
  if (who.error().kind == FailureKind::unreachable) co_return std::nullopt;
  co_return throttled_unknown(name, own_realm);
}

asio::awaitable<Outcome<std::string>> FormsSignIn::check(std::string address, std::string name, LoginForm& fields,
                                                         Clock::time_point began) {
  std::string password = fields.password;
  wipe_text(fields.password);
  auto outcome = co_await tickets_->client().check_password_from(address, name, std::move(password));
  wipe_text(password);
  wipe_stack();
  const auto now = Clock::now();
  if (outcome || outcome.error().kind == FailureKind::refused)
    state_->answer_times.add(std::chrono::ceil<std::chrono::milliseconds>(now - began), now);
  co_return outcome;
}

asio::awaitable<std::variant<SignedIn, OwnResponse>> FormsSignIn::begin_session(const RequestView& request,
                                                                                std::string user) {
  std::optional<std::vector<std::uint8_t>> groups = std::vector<std::uint8_t>();
  if (!state_->config.groups.patterns.empty()) {
    const Outcome<Identity> who = co_await tickets_->client().user(user);
    if (!who && who.error().kind == FailureKind::unreachable) co_return no_directory_page(request.request_id);
    groups = who ? state_->groups_in(*who->state().evidence) : std::nullopt;
  }
  co_return sessions_.begin(request, std::move(user), SignInMethod::forms, std::move(groups));
}

asio::awaitable<OwnResponse> FormsSignIn::post(RequestView request, std::string body) {
  auto checked = checked_form(request, body);
  wipe_text(body);
  if (auto* const response = std::get_if<OwnResponse>(&checked)) co_return std::move(*response);
  auto& fields = std::get<LoginForm>(checked);
  const std::string name = with_realm(fields.username);

  auto began = Clock::now();  // of what the directory is asked
  const auto account = co_await account_of(fields.username, name);
  if (!account) co_return no_directory_page(request.request_id);
  const auto queued = Clock::now();
  auto turn = co_await take_turn(*account, request.remote_address);
  began += Clock::now() - queued;
  if (std::holds_alternative<LoginThrottle::Busy>(turn)) co_return no_directory_page(request.request_id);
  if (const auto* const wait = std::get_if<std::chrono::seconds>(&turn)) {
    co_await wait_until(began + state_->answer_times.for_refusals(Clock::now()));
    co_return throttled(request, fields, name, *wait);
  }
  auto& attempt = std::get<LoginThrottle::Try>(turn);

  auto outcome = co_await check(request.remote_address, name, fields, began);
  if (!outcome) {
    const Failure& failure = outcome.error();
    if (failure.kind == FailureKind::refused) attempt.failed(Clock::now());
    audit_refusal(request, SignInMethod::forms, name, failure.text);
    co_await wait_until(began + state_->answer_times.for_refusals(Clock::now()));
    co_return refused(request, failure, fields.return_path, fields.username);
  }
  attempt.succeeded(Clock::now());
  if (kind_of(*outcome) == PrincipalKind::nobody) {
    audit_refusal(request, SignInMethod::forms, *outcome, "this principal is anonymous, or a KDC's own");
    co_return not_permitted_page(request.request_id);
  }
  auto begun = co_await begin_session(request, *outcome);
  if (auto* const response = std::get_if<OwnResponse>(&begun)) co_return std::move(*response);
  const auto& signed_in = std::get<SignedIn>(begun);
  audit_session(AuditKind::sign_in, request, signed_in.session);
  OwnResponse response = redirect_page(request.request_id, safe_return_path(fields.return_path).value_or("/"),
                                       "Signed in", "You are signed in.");
  response.headers.insert(response.headers.end(), signed_in.response_headers.begin(), signed_in.response_headers.end());
  co_return response;
}

}  // namespace stead::proxy
