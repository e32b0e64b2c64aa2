#pragma once
// Serves one request whose head has been read, whatever version of HTTP it came by: finds its route, signs its user in,
// forwards it or answers with a page, and writes its line of the access log.
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>

#include "proxy/core/core.h"
#include "proxy/http/request_rules.h"
#include "proxy/serve/asked_request.h"
#include "proxy/serve/client_connection.h"
#include "proxy/serve/request.h"
#include "proxy/sign_in/kerberos_sign_in.h"
#include "proxy/upstream/client_exchange.h"

namespace stead::proxy {

class RequestService {
 public:
  // `generation`: that of the request. `negotiation`: of the connection, for an exchange of several tokens; null: the
  // version has none, since its requests do not follow one another. Nor has a connection of another proxy, which has the
  // requests of several users. All arguments outlive the service.
  RequestService(ClientConnection& connection, Generation& generation, Negotiation* negotiation, Request& request,
                 ClientExchange& client)
      : core_(connection.core),
        generation_(generation),
        connection_(connection),
        negotiation_(connection.came_in.door == Door::clients ? negotiation : nullptr),
        request_(request),
        client_(client) {
    request.tls = connection.tls_version();
  }

  // The request has begun, and its target is resolved.
  [[nodiscard]] boost::asio::awaitable<void> run();
  // Answers a request whose head is not valid HTTP; its connection closes.
  [[nodiscard]] boost::asio::awaitable<void> refuse(Violation violation);

 private:
  boost::asio::awaitable<void> forward(std::size_t route_index);
  boost::asio::awaitable<void> challenge();
  boost::asio::awaitable<void> redirect_to_https();
  boost::asio::awaitable<void> misdirected(std::string_view why);
  [[nodiscard]] const ClientOrigin& origin();
  // The time to wait, if the client has sent more requests than it may.
  [[nodiscard]] std::optional<std::chrono::seconds> over_limit();
  boost::asio::awaitable<void> too_many(std::chrono::seconds wait);
  [[nodiscard]] std::string_view hsts();  // for this client; empty: none
  boost::asio::awaitable<void> own_page();
  boost::asio::awaitable<void> serve_proxy();  // at auth_listen
  boost::asio::awaitable<void> authorize();
  boost::asio::awaitable<void> grant();
  boost::asio::awaitable<void> deny(std::string_view diagnosis);
  boost::asio::awaitable<void> answer(OwnResponse response);
  boost::asio::awaitable<void> answer_error(int status, std::string_view title, std::string_view what_to_do);
  [[nodiscard]] RequestView view();

  Core& core_;
  Generation& generation_;
  ClientConnection& connection_;
  Negotiation* negotiation_;
  Request& request_;
  ClientExchange& client_;
  std::optional<ClientOrigin> origin_;  // by origin()
  std::optional<AskedRequest> asked_;   // at auth_listen: what the other proxy's client wants
};

// Begins a request: its time counts from here, and it has an id.
void begin_request(Core& core, Request& request);

}  // namespace stead::proxy
