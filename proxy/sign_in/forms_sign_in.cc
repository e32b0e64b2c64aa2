#include "proxy/sign_in/forms_sign_in.h"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "proxy/sign_in/csrf.h"
#include "proxy/sign_in/own_pages.h"
#include "proxy/sign_in/sign_in_audit.h"
#include "sspi_shim/base/bytes.h"
#include "sspi_shim/protocol/errors/error.h"

namespace stead::proxy {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kMaxNameOctets = 320;  // a UPN: 64 @ 255
// Every refusal takes at least this long: more than string-to-key and an exchange take, so that the time does not tell
// an unknown user from a wrong password.
constexpr std::chrono::milliseconds kMinRefusalTime{150};
constexpr std::chrono::seconds kMaxQueueTime{10};  // waiting for other tries for the same user
constexpr std::chrono::milliseconds kQueueStep{20};

bool is_form(std::string_view content_type) {
  content_type = content_type.substr(0, content_type.find(';'));
  while (!content_type.empty() && (content_type.back() == ' ' || content_type.back() == '\t'))
    content_type.remove_suffix(1);
  return equal_ignoring_case(content_type, "application/x-www-form-urlencoded");
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

FormsSignIn::FormsSignIn(std::shared_ptr<SignInState> state, std::shared_ptr<BackendTickets> tickets,
                         const Sessions& sessions)
    : state_(std::move(state)), tickets_(std::move(tickets)), sessions_(sessions) {}

OwnResponse FormsSignIn::form(const RequestView& request, int status, std::string_view return_path,
                              std::string_view user_name, std::string_view message) const {
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  CsrfToken csrf = make_csrf(state_->keys, request, now);
  OwnResponse response =
      login_page(status, safe_return_path(return_path).value_or("/"), csrf.field, user_name, message);
  if (csrf.set_cookie) response.headers.emplace_back("Set-Cookie", std::move(*csrf.set_cookie));
  return response;
}

std::string FormsSignIn::with_realm(const std::string& typed) const {
  if (typed.find_first_of("@\\") != std::string::npos || state_->config.forms_realm.empty()) return typed;
  return typed + "@" + state_->config.forms_realm;
}

OwnResponse FormsSignIn::wrong_password(const RequestView& request, std::string_view return_path,
                                        std::string_view user_name) const {
  OwnResponse response = form(request, 401, return_path, user_name, "The user name or the password is not correct.");
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
                              "Too many failed sign-ins. Wait a few minutes, then try again.");
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
  if (!is_same_origin(request) || !check_csrf(state_->keys, request, fields->csrf, now))
    return form(request, 403, fields->return_path, "",
                "The form has expired, or it does not come from this site. Sign in again.");
  if (fields->username.empty() || fields->username.size() > kMaxNameOctets || fields->password.empty())
    return wrong_password(request, fields->return_path, fields->username.substr(0, kMaxNameOctets));
  return std::move(*fields);
}

asio::awaitable<LoginThrottle::Turn> FormsSignIn::take_turn(std::string name, std::string address,
                                                            Clock::time_point started) {
  auto turn = LoginThrottle::begin(state_->throttle, name, address, started);
  while (std::holds_alternative<LoginThrottle::Busy>(turn) && Clock::now() - started < kMaxQueueTime) {
    co_await wait_until(Clock::now() + kQueueStep);
    turn = LoginThrottle::begin(state_->throttle, name, address, Clock::now());
  }
  co_return turn;
}

asio::awaitable<OwnResponse> FormsSignIn::post(RequestView request, std::string body) {
  const auto started = Clock::now();
  auto checked = checked_form(request, body);
  wipe_text(body);
  if (auto* const response = std::get_if<OwnResponse>(&checked)) co_return std::move(*response);
  auto& fields = std::get<LoginForm>(checked);
  const std::string name = with_realm(fields.username);

  auto turn = co_await take_turn(name, request.remote_address, started);
  if (std::holds_alternative<LoginThrottle::Busy>(turn)) co_return no_directory_page(request.request_id);
  if (const auto* const wait = std::get_if<std::chrono::seconds>(&turn))
    co_return throttled(request, fields, name, *wait);
  auto& attempt = std::get<LoginThrottle::Try>(turn);

  std::string password = fields.password;
  wipe_text(fields.password);
  auto outcome = co_await tickets_->client().check_password_from(request.remote_address, name, std::move(password));
  wipe_text(password);
  if (!outcome) {
    const Failure& failure = outcome.error();
    if (failure.kind == FailureKind::refused) attempt.failed(Clock::now());
    audit_refusal(request, SignInMethod::forms, name, failure.text);
    co_await wait_until(started + kMinRefusalTime);
    co_return refused(request, failure, fields.return_path, fields.username);
  }

  attempt.succeeded();
  const SignedIn begun = sessions_.begin(request, *outcome, SignInMethod::forms);
  audit_session(AuditKind::sign_in, request, begun.session);
  OwnResponse response = redirect_page(request.request_id, safe_return_path(fields.return_path).value_or("/"),
                                       "Signed in", "You are signed in.");
  response.headers.insert(response.headers.end(), begun.response_headers.begin(), begun.response_headers.end());
  co_return response;
}

}  // namespace stead::proxy
