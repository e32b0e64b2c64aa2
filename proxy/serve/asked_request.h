#pragma once
// The authorization endpoint: people keep their nginx, Caddy or Traefik, and it asks us for each of its requests who the
// user is and what to send to the back end.
//
//   GET /.stead/auth?spn=HTTP/reports.example.com     Host, X-Forwarded-Method, -Uri, -Proto, -For: the client's request
//
//   200    Authorization: Negotiate …, X-Remote-User and Cookie for the back end; Set-Cookie and WWW-Authenticate for the client
//   302    to the form; 401 the client must sign in; 403 the user may not
//
// The client's own fields come along as they are (Authorization, Cookie, Origin, …). Those of X-Forwarded-* the other
// proxy must set itself: they decide which route's rules hold.
#include <string>
#include <string_view>
#include <variant>

#include "proxy/http/message_head.h"
#include "proxy/http/request_rules.h"
#include "proxy/http/request_view.h"
#include "proxy/upstream/router.h"

namespace stead::proxy {

// A client's request to the other proxy, as that one tells. Views into the head.
struct AskedRequest {
  enum class Of { page, authorization } of = Of::page;
  std::string host;            // lower case, without port
  std::string_view authority;  // with port
  std::string_view method;     // empty: not told, so it may be one that changes something
  std::string_view target;     // origin form; empty: not told
  bool upgrades = false;       // the handshake of a WebSocket
};

// `router` knows which Host is a site's: with Traefik it is our own address, and X-Forwarded-Host has the site's. Refuses
// a field that came twice and one that is no host, method or path.
[[nodiscard]] std::variant<AskedRequest, Violation> asked_request_of(const RequestHead& head, const Router& router);

// Puts the client's request in place of the one that asks about it: its host, and for an authorization all of it.
void show(RequestView& view, const AskedRequest& asked);

}  // namespace stead::proxy
