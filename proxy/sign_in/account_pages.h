#pragma once
// The pages below /.stead/ about the user's own session: sign-in form, sign-out, and who is signed in. One object for each
// core.
#include <boost/asio/awaitable.hpp>
#include <memory>
#include <string>
#include <utility>

#include "proxy/config/config.h"
#include "proxy/sign_in/certificate_sign_in.h"
#include "proxy/sign_in/forms_sign_in.h"
#include "proxy/sign_in/sessions.h"
#include "proxy/tickets/backend_tickets.h"

namespace stead::proxy {

class AccountPages {
 public:
  // All but `tickets` belong to the same core's sign-in and outlive this.
  AccountPages(const Config& config, std::shared_ptr<BackendTickets> tickets, Sessions& sessions, FormsSignIn& forms,
               CertificateSignIn& certificates)
      : config_(config),
        tickets_(std::move(tickets)),
        sessions_(sessions),
        forms_(forms),
        certificates_(certificates) {}

  // GET and POST /.stead/login and /.stead/logout, GET /.stead/signed-in and /.stead/whoami; 404 and 405 otherwise. `body`
  // is whole.
  [[nodiscard]] boost::asio::awaitable<OwnResponse> page(const RequestView& request, std::string body);

 private:
  [[nodiscard]] boost::asio::awaitable<OwnResponse> login(const RequestView& request, std::string body);
  [[nodiscard]] boost::asio::awaitable<OwnResponse> logout(const RequestView& request);
  [[nodiscard]] boost::asio::awaitable<OwnResponse> signed_in(const RequestView& request);
  [[nodiscard]] boost::asio::awaitable<OwnResponse> log_out(const RequestView& request);
  [[nodiscard]] std::string after_sign_out(const RequestView& request) const;
  [[nodiscard]] boost::asio::awaitable<OwnResponse> who_am_i(const RequestView& request);

  const Config& config_;
  std::shared_ptr<BackendTickets> tickets_;
  Sessions& sessions_;
  FormsSignIn& forms_;
  CertificateSignIn& certificates_;
};

}  // namespace stead::proxy
