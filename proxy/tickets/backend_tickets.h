#pragma once
// Back-end tickets for sessions. A user's tickets and evidence belong to the core that his name hashes to; other cores
// post to it, and keep a small cache in front. One flight for each (session's evidence or user, SPN), however many
// requests wait.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "proxy/tickets/session.h"
#include "stead/s4u.h"

namespace stead::proxy {

class BackendTickets {  // one for each core; what cores share is inside
 public:
  virtual ~BackendTickets() = default;
  // The ticket to send for this session to this route's SPN. A Kerberos session uses the evidence kept for its id and
  // fails with FailureKind::unusable where this process does not have it (the caller answers 401 Negotiate); it never
  // turns to S4U2Self.
  virtual boost::asio::awaitable<Outcome<TicketPtr>> get(Session session, std::string spn) = 0;
  // A back end refused this ticket: forget it, so that the next get() asks the KDC. On this core's executor, as all of
  // this.
  virtual void drop(const Session& session, const std::string& spn) = 0;
  // Keeps a client's own ticket as the evidence of a session until `session.expires`. With session.forwarded_tgt: the
  // TGT in the client's AP-REQ, whose DER takes the ticket's place. A session may have both; each call is about the one
  // that the flag says.
  virtual boost::asio::awaitable<Outcome<std::string>> keep_evidence(Session session,
                                                                     std::vector<std::uint8_t> ticket_der) = 0;
  [[nodiscard]] virtual boost::asio::awaitable<bool> has_evidence(Session session) = 0;
  // True where has_evidence() would say so without asking another core.
  [[nodiscard]] virtual bool knows_evidence(const Session&) { return false; }
  virtual void forget(const Session& session) = 0;
  // This core's client, for password checks.
  [[nodiscard]] virtual Client& client() = 0;
};

// One for each executor, in order. Blocking (reads the keytab). `message` says in one line why it failed. `on_step`:
// each exchange with a KDC as it ends, with the number of the executor it ran on; called there.
using OnStep = std::function<void(std::size_t, const TraceStep&)>;
[[nodiscard]] Result<std::vector<std::shared_ptr<BackendTickets>>> make_backend_tickets(
    const std::vector<boost::asio::any_io_executor>& executors, const ClientOptions& options, const OnStep& on_step,
    std::string& message);

// The same around clients that are there already, one for each executor.
[[nodiscard]] std::vector<std::shared_ptr<BackendTickets>> make_backend_tickets(
    const std::vector<boost::asio::any_io_executor>& executors, const std::vector<std::shared_ptr<Client>>& clients);

}  // namespace stead::proxy
