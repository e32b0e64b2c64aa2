#include "proxy/sign_in/forms_sign_in.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "proxy/observe/audit_log.h"
#include "proxy/sign_in/csrf.h"
#include "proxy/sign_in/login_form.h"
#include "proxy/sign_in/own_pages.h"
#include "sspi_shim/protocol/errors/error.h"

namespace stead::proxy {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kMostNameOctets = 320;  // a UPN: 64 @ 255
constexpr std::chrono::milliseconds kRefusalTime{
    150};  // no refusal comes sooner: longer than string-to-key and an exchange take
constexpr std::chrono::seconds kLongestQueue{10};  // behind other tries for the same user
constexpr std::chrono::milliseconds kQueueStep{20};
constexpr std::string_view kWrong = "The user name or the password is not right.";

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

// What is wrong with this host or its settings, whoever signs in.
bool is_own_fault(const Error& error) {
  return error == KrbErrc::KRB_AP_ERR_SKEW || error == KrbErrc::KDC_ERR_ETYPE_NOSUPP ||
         error == KrbErrc::KDC_ERR_SVC_UNAVAILABLE;
}

OwnResponse not_now(const RequestView& request) {
  OwnResponse response = error_page(503, request.request_id, "Sign-in is not possible now",
                                    "The directory did not answer. Try again in a moment.");
  response.headers.emplace_back("Retry-After", "5");
  return response;
}

}  // namespace

FormsSignIn::FormsSignIn(std::shared_ptr<SignInState> state, std::shared_ptr<BackendTickets> tickets)
    : state_(std::move(state)), tickets_(std::move(tickets)) {}

OwnResponse FormsSignIn::form(const RequestView& request, int status, std::string_view return_path,
                              std::string_view user_name, std::string_view message) const {
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  CsrfToken csrf = make_csrf(state_->keys, request, now);
  OwnResponse response =
      login_page(status, safe_return_path(return_path).value_or("/"), csrf.field, user_name, message);
  if (csrf.set_cookie) response.headers.emplace_back("Set-Cookie", std::move(*csrf.set_cookie));
  return response;
}

std::string FormsSignIn::account_name(const std::string& typed) const {
  if (typed.find_first_of("@\\") != std::string::npos || state_->config.forms_realm.empty()) return typed;
  return typed + "@" + state_->config.forms_realm;
}

OwnResponse FormsSignIn::refused(const RequestView& request, const Failure& failure, const std::string& return_path,
                                 const std::string& user_name) const {
  if (is_wrong_password(failure.error)) {
    OwnResponse response = form(request, 401, return_path, user_name, kWrong);
    response.headers.emplace_back("WWW-Authenticate", "Stead-Form");
    return response;
  }
  if (failure.error == KrbErrc::KDC_ERR_KEY_EXPIRED)
    return form(request, 403, return_path, user_name, "The password has expired. Change it, then sign in again.");
  if (failure.kind == FailureKind::refused && !is_own_fault(failure.error))
    return error_page(403, request.request_id, "Not signed in",
                      "This account may not sign in here. Ask your administrator, and name the request below.");
  return not_now(request);
}

asio::awaitable<OwnResponse> FormsSignIn::post(RequestView request, std::string body) {
  const auto started = std::chrono::steady_clock::now();
  if (!is_form(request.content_type)) {
    wipe_text(body);
    co_return error_page(415, request.request_id, "Not a form",
                         "The login form sends application/x-www-form-urlencoded.");
  }
  auto fields = parse_login_form(body);
  wipe_text(body);
  if (!fields)
    co_return error_page(400, request.request_id, "Not a login form",
                         "What was sent is not what the login form sends.");
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  if (!is_same_origin(request) || !check_csrf(state_->keys, request, fields->csrf, now))
    co_return form(request, 403, fields->return_path, "",
                   "The form was too old, or did not come from this site. Please sign in again.");
  const std::string return_path = safe_return_path(fields->return_path).value_or("/");
  const std::string typed = fields->username;
  if (typed.empty() || typed.size() > kMostNameOctets || fields->password.empty()) {
    OwnResponse response = form(request, 401, return_path, typed.substr(0, kMostNameOctets), kWrong);
    response.headers.emplace_back("WWW-Authenticate", "Stead-Form");
    co_return response;
  }

  const std::string name = account_name(typed);
  auto turn = LoginThrottle::begin(state_->throttle, name, request.remote_address, started);
  while (std::holds_alternative<LoginThrottle::Busy>(turn) &&
         std::chrono::steady_clock::now() - started < kLongestQueue) {
    asio::steady_timer moment(co_await asio::this_coro::executor, kQueueStep);
    co_await moment.async_wait(asio::as_tuple(asio::use_awaitable));
    turn = LoginThrottle::begin(state_->throttle, name, request.remote_address, std::chrono::steady_clock::now());
  }
  if (std::holds_alternative<LoginThrottle::Busy>(turn)) co_return not_now(request);
  if (const auto* const wait = std::get_if<std::chrono::seconds>(&turn)) {
    audit({.what = "sign-in refused",
           .user = name,
           .method = "forms",
           .address = request.remote_address,
           .request_id = request.request_id,
           .detail = "too many failures"});
    OwnResponse response =
        form(request, 429, return_path, typed, "Too many failed tries. Wait a few minutes, then try again.");
    response.headers.emplace_back("Retry-After", std::to_string(wait->count()));
    co_return response;
  }
  auto& attempt = std::get<LoginThrottle::Try>(turn);

  std::string password = fields->password;
  wipe_text(fields->password);
  auto outcome = co_await tickets_->client().check_password(name, std::move(password));
  wipe_text(password);
  if (!outcome) {
    const Failure& failure = outcome.error();
    if (failure.kind == FailureKind::refused) attempt.failed(std::chrono::steady_clock::now());
    audit({.what = "sign-in refused",
           .user = name,
           .method = "forms",
           .address = request.remote_address,
           .request_id = request.request_id,
           .detail = failure.text});
    asio::steady_timer until(co_await asio::this_coro::executor, started + kRefusalTime);
    co_await until.async_wait(asio::as_tuple(asio::use_awaitable));
    co_return refused(request, failure, return_path, typed);
  }

  attempt.succeeded();
  const SessionCookie cookie{.session = {.id = new_session_id(),
                                         .user = *outcome,
                                         .method = SignInMethod::forms,
                                         .expires = now + state_->config.session_lifetime},
                             .issued = now,
                             .seen = now,
                             .certificate = {}};
  audit({.what = "sign-in",
         .user = *outcome,
         .method = "forms",
         .address = request.remote_address,
         .request_id = request.request_id,
         .detail = ""});
  OwnResponse response = error_page(303, request.request_id, "Signed in", "You are signed in.");
  response.headers.emplace_back("Location", return_path);
  response.headers.emplace_back(
      "Set-Cookie", set_cookie(session_cookie_name(request.tls), seal_session(state_->keys, cookie), request.tls));
  co_return response;
}

std::string session_json(const Session& session) {
  std::string out = "{\"user\": ";
  append_json_string(out, session.user);
  const auto expires = std::chrono::floor<std::chrono::seconds>(session.expires);
  const auto day = std::chrono::floor<std::chrono::days>(expires);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(expires - day);
  char text[32];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02dZ", int(date.year()), unsigned(date.month()),
                unsigned(date.day()), int(time.hours().count()), int(time.minutes().count()),
                int(time.seconds().count()));
  return out + ", \"sign_in\": \"" + std::string(to_string(session.method)) + "\", \"expires\": \"" + text + "\"}\n";
}

}  // namespace stead::proxy
