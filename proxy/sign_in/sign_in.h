#pragma once
// Finds the user of a request: by its session cookie, a Negotiate token or the connection's client certificate, and
// never by an earlier request on the connection. The connection calls `SignIn::decide` for a route with sign-in, and
// `SignIn::own_page` for paths below /.stead/.
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "proxy/config/config.h"
#include "proxy/http/own_response.h"
#include "proxy/http/request_view.h"
#include "proxy/tickets/session.h"
#include "sspi_shim/base/problem.h"

namespace stead::proxy {

class BackendTickets;
struct SignInMemory;

struct SignedIn {
  Session session;
  HeaderList response_headers;  // Set-Cookie and our AP-REP in WWW-Authenticate, to add to the back end's response
};

class SignIn {
 public:
  virtual ~SignIn() = default;
  // The user of a session for which the cookie is enough: most requests, without a coroutine. Nothing: call decide().
  virtual std::optional<SignedIn> known(const RequestView&, const Route&) { return std::nullopt; }
  // A user whom the route may serve, or the response that asks the client to sign in.
  virtual boost::asio::awaitable<std::variant<SignedIn, OwnResponse>> decide(const RequestView& request,
                                                                             const Route& route) = 0;
  // True once the session has ended or was signed out: what it opened, such as a WebSocket, ends too.
  virtual bool is_over(const Session& session) { return session.expires <= std::chrono::system_clock::now(); }
  // Ends every session of the user that ends by `until`, in this process and after a restart.
  virtual boost::asio::awaitable<void> end_sessions_of(std::string /*user*/, std::chrono::sys_seconds /*until*/) {
    co_return;
  }
  // GET /.stead/login, POST /.stead/login, POST /.stead/logout, GET /.stead/whoami; 404 and 405 otherwise. `body` is
  // whole.
  virtual boost::asio::awaitable<OwnResponse> own_page(const RequestView& request, std::string body) = 0;
};

[[nodiscard]] std::shared_ptr<SignInMemory> make_sign_in_memory();
// The limits of failed passwords, for what is remembered already too.
void use_login_limits(SignInMemory& memory, const Limits& limits);

// One for each core; they share the session key, the login throttle and the acceptor's replay cache. Blocking: reads
// the keytab and the session key. `memory` outlives all of them.
[[nodiscard]] Checked<std::vector<std::shared_ptr<SignIn>>> make_sign_in(
    const Config& config, const std::vector<std::shared_ptr<BackendTickets>>& tickets,
    const std::shared_ptr<SignInMemory>& memory);

}  // namespace stead::proxy
