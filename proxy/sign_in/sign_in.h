#pragma once
// Who makes this request? Each request answers for itself: by its session cookie, by a Negotiate token or by the
// certificate of its connection; never by what an earlier request on the connection was. The connection asks
// `SignIn::decide` for a route that wants a user, and `SignIn::own_page` for everything below /.stead/.
#include <boost/asio/awaitable.hpp>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "proxy/config/config.h"
#include "proxy/http/own_response.h"
#include "proxy/http/request_view.h"
#include "proxy/tickets/session.h"
#include "stead/result.h"

namespace stead::proxy {

class BackendTickets;

struct SignedIn {
  Session session;
  HeaderList response_headers;  // Set-Cookie, and our AP-REP in WWW-Authenticate: to be put on the back end's answer
};

class SignIn {
 public:
  virtual ~SignIn() = default;
  // The user of a session that needs no look at anything but its cookie: most requests are of this kind, and wait for
  // nothing. Nothing: decide() has to say.
  virtual std::optional<SignedIn> known(const RequestView&, const Route&) { return std::nullopt; }
  // A user that the route may serve, or the answer that asks for one.
  virtual boost::asio::awaitable<std::variant<SignedIn, OwnResponse>> decide(const RequestView& request,
                                                                             const Route& route) = 0;
  // GET /.stead/login, POST /.stead/login, POST /.stead/logout, GET /.stead/whoami; 404 and 405 otherwise. `body` is
  // whole.
  virtual boost::asio::awaitable<OwnResponse> own_page(const RequestView& request, std::string body) = 0;
};

// One for each core; they share the session key, the login throttle and the acceptor's replay cache. Blocking.
// `message` says in one line why it failed.
[[nodiscard]] Result<std::vector<std::shared_ptr<SignIn>>> make_sign_in(
    const Config& config, const std::vector<std::shared_ptr<BackendTickets>>& tickets, std::string& message);

}  // namespace stead::proxy
