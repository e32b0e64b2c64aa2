#pragma once
// Sign-in by a form. The password is checked at the user's KDC, and the KDC's reply with our keytab; then the password
// is erased. Back ends are reached by S4U2Self. A wrong password and an unknown user get the same answer after the same
// time.
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "proxy/sign_in/login_form.h"
#include "proxy/sign_in/sessions.h"
#include "proxy/sign_in/sign_in.h"
#include "proxy/sign_in/sign_in_state.h"
#include "proxy/tickets/backend_tickets.h"

namespace stead::proxy {

// The challenge of a 401 that the form answers.
constexpr std::string_view kFormScheme = "Stead-Form";

// Why a user has to sign in again, as the form says it.
enum class LoginTrouble { wrong_password, expired_form, no_cookie, session_ended, signed_out };
[[nodiscard]] std::string_view text_of(LoginTrouble trouble);
[[nodiscard]] std::string_view word_of(LoginTrouble trouble);  // in the query of the form's address
// True for a browser that navigates: it says where a request comes from (Fetch Metadata).
[[nodiscard]] bool is_browser(const RequestView& request);

class FormsSignIn {
 public:
  // `sessions`: of the same core; outlives this.
  FormsSignIn(std::shared_ptr<SignInState> state, std::shared_ptr<BackendTickets> tickets, const Sessions& sessions);

  // The login form, with its csrf field and cookie. An unsafe return path becomes "/".
  [[nodiscard]] OwnResponse form(const RequestView& request, int status, std::string_view return_path,
                                 std::string_view user_name, std::string_view message,
                                 std::vector<std::string> values = {}) const;
  // The form for GET /.stead/login. `message`: why it is shown, unless `why` of the query says it.
  [[nodiscard]] OwnResponse form_for(const RequestView& request, std::string_view message) const;
  // A posted form. `body` is erased.
  [[nodiscard]] boost::asio::awaitable<OwnResponse> post(RequestView request, std::string body);

 private:
  using Clock = std::chrono::steady_clock;

  // A form that came from us, with a name and a password in it; or the response that says what is wrong with it.
  [[nodiscard]] std::variant<LoginForm, OwnResponse> checked_form(const RequestView& request, std::string& body) const;
  // Waits until the throttle lets this account and address try.
  [[nodiscard]] boost::asio::awaitable<LoginThrottle::Turn> take_turn(std::string account, std::string address);
  // The key by which the throttle counts the account of a typed name. `name`: with_realm(typed).
  [[nodiscard]] boost::asio::awaitable<std::optional<std::string>> account_of(std::string typed, std::string name);
  [[nodiscard]] boost::asio::awaitable<Outcome<std::string>> check(std::string address, std::string name,
                                                                   LoginForm& fields, Clock::time_point began);
  [[nodiscard]] boost::asio::awaitable<std::variant<SignedIn, OwnResponse>> begin_session(const RequestView& request,
                                                                                          std::string user);
  [[nodiscard]] OwnResponse throttled(const RequestView& request, const LoginForm& fields, const std::string& name,
                                      std::chrono::seconds wait) const;
  // 303 to the form, so that a browser that loads the page again sends no password again.
  [[nodiscard]] OwnResponse form_again(const RequestView& request, std::string_view return_path,
                                       LoginTrouble trouble) const;
  [[nodiscard]] OwnResponse wrong_password(const RequestView& request, std::string_view return_path,
                                           std::string_view user_name) const;
  [[nodiscard]] OwnResponse refused(const RequestView& request, const Failure& failure, std::string_view return_path,
                                    const std::string& user_name) const;
  // A bare name in the configured realm.
  [[nodiscard]] std::string with_realm(const std::string& typed) const;

  std::shared_ptr<SignInState> state_;
  std::shared_ptr<BackendTickets> tickets_;
  const Sessions& sessions_;
};

}  // namespace stead::proxy
