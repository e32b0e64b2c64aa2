#pragma once
// Asks a KDC again whether the user of a session may still sign in: the account may have been disabled or deleted since.
//
// A session counts as checked for one ticket life ([tickets] life in the file) after the sign-in. From then on its user is asked for by
// S4U2Self, at most once in that time, and the session ends if the KDC refuses the account. That costs an exchange only
// where nothing else needed one: a route that delegates by S4U uses the same identity. While no KDC answers, sessions go
// on. One object for each core.
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "proxy/tickets/backend_tickets.h"
#include "proxy/tickets/session.h"
#include "sspi_shim/client/cache/ticket_cache.h"

namespace stead::proxy {

class AccountChecks {
 public:
  // `life`: 0: never ask. `session_lifetime`: from a session's begin to its end.
  AccountChecks(std::shared_ptr<BackendTickets> tickets, std::chrono::seconds life,
                std::chrono::seconds session_lifetime);

  // True if the user was asked for, or signed in, at most one life ago.
  [[nodiscard]] bool is_recent(const Session& session);

  // Nothing: the session may go on. Else why the KDC refuses the account, in one line.
  [[nodiscard]] boost::asio::awaitable<std::optional<std::string>> refusal(Session session);

  // For a session that no request comes with, as that of an open WebSocket. True if its user has to be asked for; the
  // next calls say false until the answer can be there.
  [[nodiscard]] bool take_turn(const Session& session);

 private:
  std::shared_ptr<BackendTickets> tickets_;
  const std::chrono::seconds life_, session_lifetime_;
  TicketCache<bool> checked_;  // by the user's name
};

}  // namespace stead::proxy
