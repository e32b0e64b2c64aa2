#pragma once
// Sign-in by a form: the password is checked against the user's KDC, and the KDC by our keytab; then it is wiped, and
// the back ends are reached by S4U2Self. Wrong password and unknown user look alike, in words and in time.
#include <memory>

#include "proxy/sign_in/sign_in.h"
#include "proxy/sign_in/sign_in_state.h"
#include "proxy/tickets/backend_tickets.h"

namespace stead::proxy {

class FormsSignIn {
 public:
  FormsSignIn(std::shared_ptr<SignInState> state, std::shared_ptr<BackendTickets> tickets);

  // The login form, with its csrf field and cookie. An unsafe return path becomes "/".
  [[nodiscard]] OwnResponse form(const RequestView& request, int status, std::string_view return_path,
                                 std::string_view user_name, std::string_view message) const;
  [[nodiscard]] boost::asio::awaitable<OwnResponse> post(RequestView request, std::string body);

 private:
  [[nodiscard]] std::string account_name(const std::string& typed) const;
  [[nodiscard]] OwnResponse refused(const RequestView& request, const Failure& failure, const std::string& return_path,
                                    const std::string& user_name) const;
  std::shared_ptr<SignInState> state_;
  std::shared_ptr<BackendTickets> tickets_;
};

// {"user": "alice@ROOT.EXAMPLE", "sign_in": "forms", "expires": "2026-01-01T00:00:00Z"}
[[nodiscard]] std::string session_json(const Session& session);

}  // namespace stead::proxy
