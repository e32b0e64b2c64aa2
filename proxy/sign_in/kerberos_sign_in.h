#pragma once
// Sign-in by a Negotiate token (RFC 4559), on one core.
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "proxy/sign_in/sign_in.h"
#include "proxy/sign_in/sign_in_state.h"
#include "stead/acceptor.h"

namespace stead::proxy {

// True if the value of an Authorization header has the scheme Negotiate.
[[nodiscard]] bool is_negotiate(std::string_view authorization);

// A Negotiate exchange of several tokens, which belongs to one client's connection (RFC 4559 §6): as long as it is under
// way, the connection's next request has to continue it. Made with the connection. Any other request than one that continues the exchange ends it, and so does time.
class Negotiation {
 public:
  using Clock = std::chrono::steady_clock;
  using Exchange = std::shared_ptr<KerberosAcceptor::Exchange>;
  static constexpr std::chrono::seconds kMaxWait{30};  // for the client's next token

  // Ends the exchange here: the caller continues it, and keeps it again if it is still unfinished. Null: none.
  [[nodiscard]] Exchange take(Clock::time_point now = Clock::now()) {
    Exchange taken = std::move(exchange_);
    exchange_.reset();
    return now < until_ ? std::move(taken) : nullptr;
  }
  void keep(Exchange exchange, Clock::time_point now = Clock::now()) {
    exchange_ = std::move(exchange);
    until_ = now + kMaxWait;
  }

 private:
  Exchange exchange_;
  Clock::time_point until_{};
};

class KerberosSignIn {
 public:
  explicit KerberosSignIn(std::shared_ptr<SignInState> state)
      : state_(std::move(state)), at_once_(state_->acceptor ? state_->acceptor->at_once() : nullptr) {}

  [[nodiscard]] bool is_on() const { return state_->acceptor != nullptr; }
  using Answer = std::variant<AcceptedClient, UnfinishedClient, RefusedClient>;
  // The client of the request's token, which must be for the request's host. Needs is_on() and is_negotiate(request.authorization). A token that needs
  // libgssapi, or a replay cache that may block, is judged on the thread pool. UnfinishedClient: the client gets a 401
  // with this token, and the exchange is kept with its connection. Without a negotiation it cannot be kept: the client must
  // repeat the request over a version that has one.
  [[nodiscard]] boost::asio::awaitable<Answer> accept(const RequestView& request);

 private:
  // What this process can say of the token.
  [[nodiscard]] boost::asio::awaitable<Answer> judge(const RequestView& request);
  // For a token that is one of several.
  [[nodiscard]] boost::asio::awaitable<Answer> go_on(const RequestView& request, Negotiation::Exchange exchange,
                                                     std::vector<std::uint8_t> token);
  // Refuses a client whose ticket is for another host than the request's.
  [[nodiscard]] Answer for_host(Answer answer, const std::string& host) const;

  std::shared_ptr<SignInState> state_;
  std::unique_ptr<KerberosAcceptor::AtOnce> at_once_;  // null: Kerberos sign-in is off
};

}  // namespace stead::proxy
