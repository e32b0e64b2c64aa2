#pragma once
// One request to be forwarded, what became of it, and what forwarding uses of its core.
#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/config/config.h"
#include "proxy/http/http_date.h"
#include "proxy/http/message_head.h"
#include "proxy/http/own_response.h"
#include "proxy/observe/metrics.h"
#include "proxy/sign_in/sign_in.h"
#include "proxy/tickets/backend_tickets.h"
#include "proxy/upstream/open_tunnels.h"
#include "proxy/upstream/refused_tokens.h"
#include "proxy/upstream/upstream_pool.h"

namespace stead::proxy {

// The parts of a core that its requests share. All of them outlive the requests.
struct ForwardContext {
  boost::asio::any_io_executor executor;
  const Limits& limits;
  UpstreamPool& pool;
  CoreMetrics& metrics;
  RefusedTokens& refused_tokens;
  const std::shared_ptr<BackendTickets>& tickets;  // null if no route signs users in
  const bool& draining;
  OpenTunnels& tunnels;
  HttpDate& date;
};

struct ForwardJob {
  const Route& route;
  std::size_t route_index;
  const RequestHead& head;
  std::string_view target;    // origin form, or "*"
  const SignedIn* signed_in;  // null: the route is public, or the request is a CORS preflight
  std::string_view request_id, remote_address;
  std::string_view hsts;    // Strict-Transport-Security for the client; empty: none
  bool over_https = false;  // the client came by https, to us or to a TLS terminator that is trusted

  // True if the back end gets a Negotiate token of the user.
  [[nodiscard]] bool delegates() const { return route.delegation != Delegation::none && signed_in != nullptr; }
  [[nodiscard]] std::chrono::seconds reply_timeout(const Limits& limits) const {
    return route.reply_timeout.value_or(limits.upstream_reply_timeout);
  }
  // True if nothing of a response may reach the client before the back end has proved its identity.
  [[nodiscard]] bool needs_proof() const { return delegates() && route.mutual == MutualAuth::required; }
};

// The identity under which the pool keeps the connections of this job: what a back end can tell apart is never shared.
//
//   no user            ""
//   no delegation      the user: the back end learns nothing of them
//   S4U, own ticket    the user, the SPN and the evidence ticket, octet for octet: other groups, another authentication
//                      (S-1-18-1, a smart card's) or other claims are another ticket
//   S4U2Self           the user and the SPN: every such session has the same identity, made by the proxy (S-1-18-2)
//   forwarded TGT      the session, the user and the SPN
//
// So a client that sends a token with each request, and begins a session with each, finds its connections again.
std::string_view assign_pool_identity(std::string& out, const ForwardJob& job);
// What Balance::sticky keeps together: the session, or on a public route the client's address.
[[nodiscard]] std::uint64_t balance_key(const ForwardJob& job);

struct Forwarded {
  std::optional<OwnResponse> own;  // nothing was sent to the client yet: the caller sends this
  bool ask_to_sign_in = false;     // nothing was sent; the user's evidence is not here: the client must sign in again
  int status = 0;                  // as sent to the client; 0: none was sent
  std::string_view upstream;       // "127.0.0.1:9001"; empty: none was chosen
  std::uint64_t bytes_out = 0;     // of the body
  std::string diagnosis;           // what went wrong, one line; empty: nothing
  std::string steps;               // the exchanges with the KDCs, as text
};

// The ticket of a request, for its line of the access log.
struct UsedTicket {
  TicketPtr ticket;  // null: there was none
  bool was_cached = false;
};

// Buffers that a connection's requests use one after the other.
struct ForwardMemory {
  std::string identity, held_body, authorization, answer_head, out;  // out: towards the back end
  ResponseHead answer;
};

}  // namespace stead::proxy
