#pragma once
// Back-end tickets for sessions. The hash of a user's name selects the core that keeps their tickets and evidence; the
// other cores post to it, and cache tickets for a short time. Requests that wait for the same ticket share one exchange
// with the KDC.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "proxy/tickets/session.h"
#include "sspi_shim/base/problem.h"
#include "stead/s4u.h"

namespace stead::proxy {

// One for each core. Used on that core's executor only.
class BackendTickets {
 public:
  virtual ~BackendTickets() = default;
  // The user's ticket for an SPN. A Kerberos session uses the evidence kept for its id, never S4U2Self; it fails with
  // FailureKind::unusable if this process does not have the evidence (the caller answers 401 Negotiate).
  virtual boost::asio::awaitable<Outcome<TicketPtr>> get(Session session, std::string spn) = 0;
  // The same, and whether the ticket was issued for this call or is one that was given before.
  struct Given {
    TicketPtr ticket;
    bool was_cached = false;
  };
  virtual boost::asio::awaitable<Outcome<Given>> give(Session session, std::string spn) {
    auto ticket = co_await get(std::move(session), std::move(spn));
    if (!ticket) co_return ticket.error();
    co_return Given{.ticket = std::move(*ticket)};
  }
  // Drops a ticket that a back end refused, so that the next get() asks the KDC.
  virtual void drop(const Session& session, const std::string& spn) = 0;
  // Keeps a client's own ticket as the evidence of a session until `session.expires`. With session.forwarded_tgt, keeps
  // the TGT in the client's AP-REQ, and `ticket_der` is the AP-REQ. A session may have both; all functions here use the
  // one that the flag selects. Returns the principal.
  virtual boost::asio::awaitable<Outcome<std::string>> keep_evidence(Session session,
                                                                     std::vector<std::uint8_t> ticket_der) = 0;
  [[nodiscard]] virtual boost::asio::awaitable<bool> has_evidence(Session session) = 0;
  // True if has_evidence() would say so without asking another core.
  [[nodiscard]] virtual bool knows_evidence(const Session&) { return false; }
  virtual void forget(const Session& session) = 0;
  // Drops all tickets of a user, so that the KDCs are asked again. The evidence of sessions stays.
  virtual void purge(const std::string& /*user*/) {}
  // Asks a KDC for the session's user by S4U2Self, or uses the client's cached answer. Returns the principal of the
  // account. Fails as Client::user does: a refusal's diagnosis is "user_account_refused" if the account may not sign in.
  [[nodiscard]] virtual boost::asio::awaitable<Outcome<std::string>> ask_for_user(Session session) = 0;
  // Where all functions here are called, and resume.
  [[nodiscard]] virtual boost::asio::any_io_executor executor() = 0;
  // This core's client, for password checks.
  [[nodiscard]] virtual Client& client() = 0;
};

// Makes one for each executor, in order. Reads the keytab; blocking. Calls `on_step` after each exchange with a KDC,
// with the number of the executor it ran on, on that executor.
using OnStep = std::function<void(std::size_t, const TraceStep&)>;
using TicketsOfCores = std::vector<std::shared_ptr<BackendTickets>>;
[[nodiscard]] Checked<TicketsOfCores> open_backend_tickets(const std::vector<boost::asio::any_io_executor>& executors,
                                                           const ClientOptions& options, const OnStep& on_step);

// After the configuration was read again, on the same executors: `before` itself if `options` do not differ from `old`,
// else new clients. They go on with the evidence of the sessions if the principal and its keytab are the same. `before`
// can be used until its last call has ended. Thread-safe.
[[nodiscard]] Checked<TicketsOfCores> reopen_backend_tickets(const std::vector<boost::asio::any_io_executor>& executors,
                                                             const ClientOptions& options, const OnStep& on_step,
                                                             const ClientOptions& old, const TicketsOfCores& before);

// The same with existing clients, one for each executor. `before`: whose evidence is shared; empty: nobody's.
[[nodiscard]] TicketsOfCores make_backend_tickets(const std::vector<boost::asio::any_io_executor>& executors,
                                                  const std::vector<std::shared_ptr<Client>>& clients,
                                                  const TicketsOfCores& before = {});

}  // namespace stead::proxy
