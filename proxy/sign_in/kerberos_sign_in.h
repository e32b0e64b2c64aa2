#pragma once
// Sign-in by a Negotiate token (RFC 4559), on one core.
#include <boost/asio/awaitable.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "proxy/sign_in/sign_in.h"
#include "proxy/sign_in/sign_in_state.h"
#include "stead/acceptor.h"

namespace stead::proxy {

// True if the value of an Authorization header has the scheme Negotiate.
[[nodiscard]] bool is_negotiate(std::string_view authorization);

class KerberosSignIn {
 public:
  explicit KerberosSignIn(std::shared_ptr<SignInState> state)
      : state_(std::move(state)), at_once_(state_->acceptor ? state_->acceptor->at_once() : nullptr) {}

  [[nodiscard]] bool is_on() const { return state_->acceptor != nullptr; }
  // The client of the request's token, which must be for the request's host. Needs is_on() and is_negotiate(request.authorization). A token that needs
  // libgssapi, or a replay cache that may block, is judged on the thread pool.
  [[nodiscard]] boost::asio::awaitable<std::variant<AcceptedClient, RefusedClient>> accept(const RequestView& request);

 private:
  [[nodiscard]] std::variant<AcceptedClient, RefusedClient> for_host(AcceptedClient client,
                                                                     const std::string& host) const;

  std::shared_ptr<SignInState> state_;
  std::unique_ptr<KerberosAcceptor::AtOnce> at_once_;  // null: Kerberos sign-in is off
};

}  // namespace stead::proxy
