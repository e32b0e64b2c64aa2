#pragma once
// Who makes this request? Each request answers for itself: by its session cookie, by a Negotiate token or by the
// certificate of its connection; never by what an earlier request on the connection was. The connection asks
// `SignIn::decide` for a route that wants a user, and `SignIn::own_page` for everything below /.stead/.
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "proxy/config/config.h"

namespace stead::proxy {

using HeaderList = std::vector<std::pair<std::string, std::string>>;

// What sign-in may know of a request. Views live as long as the request's parser.
struct RequestView {
  std::string_view method;
  std::string_view target;         // as sent, origin form: "/path?query"
  std::string_view host;           // lower case, without port
  std::string_view authority;      // as sent, with port
  std::string_view authorization;  // the one Authorization header; empty: none
  std::string_view cookie;         // Cookie headers, joined with "; "
  std::string_view accept;
  std::string_view origin;  // Origin header, empty: none
  std::string_view sec_fetch_site;
  std::string_view content_type;
  std::string remote_address;
  bool tls = false;
  std::string_view channel_bindings;             // "tls-server-end-point:" and the hash; empty on plain HTTP
  std::vector<std::uint8_t> client_certificate;  // DER; empty: none was sent or it did not verify
  std::string client_certificate_error;          // X509_verify_cert_error_string; empty: it verified, or none was sent
  std::string_view client_certificate_name;      // whose it says it is, for the log; empty: none was sent
  std::string_view request_id;
};

// An answer of our own. Content-Length, X-Request-Id, Date and Connection are added by the connection.
struct OwnResponse {
  int status = 200;
  HeaderList headers;
  std::string body;
};

// A signed-in user for one request.
struct Session {
  std::string id;    // random, 32 hex digits
  std::string user;  // "alice@ROOT.FABRIKAM.COM", canonical
  SignInMethod method = SignInMethod::kerberos;
  std::chrono::system_clock::time_point expires;
  bool forwarded_tgt = false;  // for this request: act with the TGT that the client forwarded, not by S4U
};

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

}  // namespace stead::proxy
