#include "proxy/tickets/backend_tickets.h"

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "sspi_shim/base/bytes.h"
#include "sspi_shim/base/text.h"
#include "sspi_shim/client/cache/ticket_cache.h"
#include "sspi_shim/krb5/credential.h"
#include "sspi_shim/krb5/identity.h"
#include "sspi_shim/protocol/errors/error.h"

namespace stead::proxy {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kMaxRecent = 20000;     // tickets that each core caches for itself
constexpr std::size_t kMaxEvidence = 200000;  // evidence of sessions on each core
constexpr std::size_t kMaxDecrypted = 1024;   // clients' tickets that were decrypted before
// The same in octets, since a ticket of a user in many groups has 20 KiB and more.
constexpr std::size_t kMaxRecentBytes = std::size_t{64} << 20, kMaxEvidenceBytes = std::size_t{128} << 20,
                      kMaxDecryptedBytes = std::size_t{16} << 20;
constexpr std::size_t kTicketKey = 32;  // the last octets of a ticket identify it well enough for a lookup
constexpr std::chrono::seconds kSeenFor{30};
constexpr std::chrono::seconds kEndMargin{30};  // a ticket that ends sooner is not used

// What one core owns: the client, and the evidence of the users whose names hash to it. Used on its executor only.
struct TicketCore {
  using Evidence = TicketCache<Identity>;
  TicketCore(asio::any_io_executor core_executor, std::shared_ptr<Client> core_client,
             std::shared_ptr<Evidence> of_sessions)
      : executor(std::move(core_executor)),
        client(std::move(core_client)),
        evidence(std::move(of_sessions)),
        read(kMaxDecrypted, kMaxDecryptedBytes),
        given(kMaxRecent) {}
  struct ReadTicket {
    std::vector<std::uint8_t> der;
    Identity identity;
  };
  asio::any_io_executor executor;
  std::shared_ptr<Client> client;
  std::shared_ptr<Evidence> evidence;                   // by session id; owner: the user
  TicketCache<std::shared_ptr<const ReadTicket>> read;  // a client without cookies sends the same ticket each time
  // The tickets given last, by CoreTickets::recent_key: the same one again comes from the client's cache.
  TicketCache<std::weak_ptr<const ServiceTicket>> given;
};
using Cores = std::vector<std::shared_ptr<TicketCore>>;

// Runs work() on another executor and resumes here. `work` must be a variable of the caller: g++ 12 destroys a lambda
// twice if it is a temporary of a co_await expression. Cancellation is not passed on, since it would come from another
// thread.
template <class T>
asio::awaitable<T> run_on(asio::any_io_executor executor, std::function<asio::awaitable<T>()> work) {
  co_return co_await asio::co_spawn(executor, std::move(work),
                                    asio::bind_cancellation_slot(asio::cancellation_slot(), asio::use_awaitable));
}

// The key of a session's own ticket, or of its forwarded TGT: one is never found in place of the other. Sessions that
// began with the same ticket share it: a client without cookies begins one with each request.
std::string evidence_key(const Session& session) {
  if (session.forwarded_tgt) return "tgt " + session.id;
  return session.evidence.empty() ? session.id : session.evidence + session.user;
}

Failure no_evidence(const Session& session) {
  return {.kind = FailureKind::unusable,
          .error = {},
          .nt_status = 0,
          .text = "this process does not hold the ticket that " + session.user + " signed in with",
          .trace = {}};
}

// A name may select one account at sign-in and another one at the KDC (a UPN that equals the principal of another
// user). A ticket for the other account is an error.
Outcome<TicketPtr> in_name_of(const Session& session, Outcome<TicketPtr> outcome) {
  if (!outcome || equal_ignoring_case((*outcome)->client(), session.user)) return outcome;
  return Failure{.kind = FailureKind::rejected,
                 .error = make_error_code(KrbErrc::KRB_AP_ERR_BADMATCH),
                 .nt_status = 0,
                 .text = "the ticket for " + session.user + " came in the name of " + (*outcome)->client(),
                 .trace = (*outcome)->trace()};
}

asio::awaitable<Outcome<TicketPtr>> fetch(std::shared_ptr<TicketCore> owner, Session session, std::string spn) {
  if (session.method != SignInMethod::kerberos) {
    Outcome<TicketPtr> outcome = co_await owner->client->ticket_for_user(session.user, spn);
    co_return in_name_of(session, std::move(outcome));
  }
  auto identity = owner->evidence->find(evidence_key(session), std::chrono::system_clock::now());
  if (!identity) co_return no_evidence(session);
  Outcome<TicketPtr> outcome = co_await owner->client->ticket_for(*identity, spn);
  co_return in_name_of(session, std::move(outcome));
}

bool is_given_again(TicketCore& owner, const std::string& key, const std::string& user, const TicketPtr& ticket) {
  const auto now = std::chrono::system_clock::now();
  const auto last = owner.given.find(key, now);
  if (last && last->lock() == ticket) return true;
  owner.given.put(key, user, ticket, ticket->end_time());
  return false;
}

asio::awaitable<Outcome<BackendTickets::Given>> fetch_noted(std::shared_ptr<TicketCore> owner, Session session,
                                                            std::string spn, std::string key) {
  const std::string user = session.user;
  Outcome<TicketPtr> outcome = co_await fetch(owner, std::move(session), std::move(spn));
  if (!outcome) co_return outcome.error();
  const bool was_cached = is_given_again(*owner, key, user, *outcome);
  co_return BackendTickets::Given{.ticket = std::move(*outcome), .was_cached = was_cached};
}

// The client of a ticket. The same octets need not be decrypted again.
Result<Identity> read_ticket(TicketCore& owner, std::vector<std::uint8_t> der) {
  const std::string key(der.end() - static_cast<std::ptrdiff_t>(std::min(der.size(), kTicketKey)), der.end());
  if (const auto known = owner.read.find(key, std::chrono::system_clock::now()); known && (*known)->der == der)
    return (*known)->identity;
  auto identity = owner.client->from_ticket(der);
  if (!identity) return identity;
  auto entry = std::make_shared<const TicketCore::ReadTicket>(TicketCore::ReadTicket{std::move(der), *identity});
  const std::size_t bytes = entry->der.size() + size_of(*identity);
  owner.read.put(key, identity->principal(), std::move(entry), CacheTerms{identity->end_time(), kNever, bytes});
  return identity;
}

void put_evidence(TicketCore& owner, const Session& session, Identity identity, CacheTime end) {
  const std::size_t bytes = size_of(identity);
  owner.evidence->put(evidence_key(session), session.user, std::move(identity), CacheTerms{end, kNever, bytes});
}

// 0 for a ticket of another client than ours.
std::size_t size_of_ticket(const ServiceTicket& ticket) {
  const auto* const issued = dynamic_cast<const IssuedTicket*>(&ticket);
  return issued != nullptr ? size_of(issued->credential()) + size_of(ticket.trace()) : 0;
}

asio::awaitable<Outcome<std::string>> keep(std::shared_ptr<TicketCore> owner, Session session,
                                           std::vector<std::uint8_t> ticket_der) {
  if (session.forwarded_tgt) {
    Outcome<Identity> forwarded = owner->client->from_forwarded_tgt(std::move(ticket_der));
    if (!forwarded) co_return forwarded.error();
    std::string principal = forwarded->principal();
    const auto end = std::min(session.expires, std::chrono::system_clock::time_point(forwarded->end_time()));
    put_evidence(*owner, session, std::move(*forwarded), end);
    co_return principal;
  }
  auto identity = read_ticket(*owner, std::move(ticket_der));
  if (!identity)
    co_return Failure{
        .kind = FailureKind::rejected,
        .error = identity.error(),
        .nt_status = 0,
        .text = "the ticket that " + session.user + " signed in with is no evidence: " + identity.error().message(),
        .trace = {}};
  std::string principal = identity->principal();
  const auto end = std::min(session.expires, std::chrono::system_clock::time_point(identity->end_time()));
  put_evidence(*owner, session, std::move(*identity), end);
  co_return principal;
}

asio::awaitable<Outcome<std::string>> ask_for(std::shared_ptr<TicketCore> owner, std::string user) {
  const Outcome<Identity> identity = co_await owner->client->user(user);
  if (!identity) co_return identity.error();
  co_return identity->principal();
}

class CoreTickets : public BackendTickets {
 public:
  CoreTickets(Cores cores, std::size_t index)
      : cores_(std::move(cores)), self_(cores_[index]), recent_(kMaxRecent, kMaxRecentBytes), seen_(kMaxRecent) {}

  asio::awaitable<Outcome<TicketPtr>> get(Session session, std::string spn) override {
    auto given = co_await give(std::move(session), std::move(spn));
    if (!given) co_return given.error();
    co_return std::move(given->ticket);
  }

  asio::awaitable<Outcome<Given>> give(Session session, std::string spn) override {
    const std::string key = recent_key(session, spn);
    if (auto ticket = recent_.find(key, std::chrono::system_clock::now()))
      co_return Given{.ticket = std::move(*ticket), .was_cached = true};
    const auto owner = owner_of(session);
    const std::string user = session.user;
    Outcome<Given> outcome = Failure{};
    if (owner == self_) {
      outcome = co_await fetch_noted(owner, std::move(session), std::move(spn), key);
    } else {
      std::function<asio::awaitable<Outcome<Given>>()> work = [owner, session, spn, key] {
        return fetch_noted(owner, session, spn, key);
      };
      outcome = co_await run_on<Outcome<Given>>(owner->executor, std::move(work));
    }
    if (outcome) {
      const TicketPtr& ticket = outcome->ticket;
      recent_.put(key, user, ticket, CacheTerms{ticket->end_time() - kEndMargin, kNever, size_of_ticket(*ticket)});
    }
    co_return outcome;
  }

  void drop(const Session& session, const std::string& spn) override {
    recent_.forget(recent_key(session, spn));
    forget_at_owner(session, Forget::tickets);
  }

  asio::awaitable<Outcome<std::string>> keep_evidence(Session session, std::vector<std::uint8_t> ticket_der) override {
    const auto owner = owner_of(session);
    if (owner == self_) co_return co_await keep(owner, std::move(session), std::move(ticket_der));
    std::function<asio::awaitable<Outcome<std::string>>()> work = [owner, session, ticket_der] {
      return keep(owner, session, ticket_der);
    };
    co_return co_await run_on<Outcome<std::string>>(owner->executor, std::move(work));
  }

  asio::awaitable<bool> has_evidence(Session session) override {
    if (knows_evidence(session)) co_return true;
    const auto owner = owner_of(session);
    if (owner == self_) co_return false;
    const auto now = std::chrono::system_clock::now();
    const std::string key = evidence_key(session);
    std::function<asio::awaitable<bool>()> look = [owner, key]() -> asio::awaitable<bool> {
      co_return owner->evidence->find(key, std::chrono::system_clock::now()).has_value();
    };
    const bool there = co_await run_on<bool>(owner->executor, std::move(look));
    if (there) seen_.put(key, session.user, true, now + kSeenFor);
    co_return there;
  }

  bool knows_evidence(const Session& session) override {
    const auto& owner = owner_of(session);
    const auto now = std::chrono::system_clock::now();
    const std::string key = evidence_key(session);
    if (owner == self_) return owner->evidence->find(key, now).has_value();
    // Avoids a round trip to the other core for each request. If the evidence is gone by now, get() fails.
    return seen_.find(key, now).has_value();
  }

  asio::awaitable<Outcome<std::string>> ask_for_user(Session session) override {
    const auto owner = owner_of(session);
    if (owner == self_) co_return co_await ask_for(owner, std::move(session.user));
    std::function<asio::awaitable<Outcome<std::string>>()> work = [owner, user = session.user] {
      return ask_for(owner, user);
    };
    co_return co_await run_on<Outcome<std::string>>(owner->executor, std::move(work));
  }

  asio::any_io_executor executor() override { return self_->executor; }

  void forget(const Session& session) override {
    recent_.forget_owner(session.user);
    seen_.forget_owner(session.user);
    forget_at_owner(session, Forget::tickets_and_evidence);
  }

  void purge(const std::string& user) override {
    recent_.forget_owner(user);
    Session any;
    any.user = user;
    forget_at_owner(any, Forget::tickets);
  }

  Client& client() override { return *self_->client; }
  [[nodiscard]] const std::shared_ptr<TicketCore::Evidence>& evidence() const { return self_->evidence; }

 private:
  // Tickets of a Kerberos session come from its own evidence and are used for sessions with that evidence only.
  static std::string recent_key(const Session& session, const std::string& spn) {
    const bool own = session.method == SignInMethod::kerberos;
    return (own ? "session " + evidence_key(session) : "user " + session.user) + '\n' + spn;
  }
  [[nodiscard]] const std::shared_ptr<TicketCore>& owner_of(const Session& session) const {
    return cores_[std::hash<std::string>{}(session.user) % cores_.size()];
  }
  enum class Forget { tickets, tickets_and_evidence };
  void forget_at_owner(const Session& session, Forget what) {
    const auto owner = owner_of(session);
    auto work = [owner, held = session, what]() mutable {
      owner->client->forget_user(held.user);
      if (what == Forget::tickets) return;
      owner->read.forget_owner(held.user);
      for (const bool forwarded : {false, true}) {
        held.forwarded_tgt = forwarded;
        owner->evidence->forget(evidence_key(held));
      }
    };
    // On this core it happens at once: the caller's next get() must not find the dropped ticket.
    if (owner == self_) return work();
    asio::post(owner->executor, std::move(work));
  }

  Cores cores_;
  std::shared_ptr<TicketCore> self_;
  TicketCache<TicketPtr> recent_;
  TicketCache<bool> seen_;  // sessions whose evidence another core has
};

// A core is destroyed on its executor, whoever used it last.
std::shared_ptr<TicketCore> make_core(const asio::any_io_executor& executor, std::shared_ptr<Client> client,
                                      std::shared_ptr<TicketCore::Evidence> evidence) {
  return {new TicketCore(executor, std::move(client), std::move(evidence)),
          [executor](TicketCore* core) { asio::post(executor, [owned = std::unique_ptr<TicketCore>(core)] {}); }};
}

// All that a configuration file can say.
bool are_same(const ClientOptions& a, const ClientOptions& b) {
  const auto values = [](const ClientOptions& of) {
    return std::tie(of.principal, of.keytab, of.locator, of.allow_rc4, of.pa_for_user, of.own_service_ticket,
                    of.kdc_timeout, of.request_deadline, of.cache_entries, of.cache_bytes, of.ticket_life,
                    of.uncached_services);
  };
  return values(a) == values(b);
}

Checked<std::vector<std::shared_ptr<Client>>> open_clients(const std::vector<asio::any_io_executor>& executors,
                                                           const ClientOptions& options, const OnStep& on_step) {
  std::vector<std::shared_ptr<Client>> clients;
  for (std::size_t i = 0; i < executors.size(); ++i) {
    ClientOptions own = options;
    own.refusal_life = std::chrono::seconds(10);  // short, so that an administrator sees the effect of a change at once
    if (on_step) own.on_step = [on_step, i](const TraceStep& step) { on_step(i, step); };
    std::string message;
    auto client = Client::open(executors[i], std::move(own), message);
    if (!client) {
      if (message.empty()) return Problem{.message = client.error().message(), .where = options.keytab, .fix = {}};
      return Problem{.message = message, .where = {}, .fix = {}};
    }
    clients.push_back(std::move(*client));
  }
  return clients;
}

}  // namespace

Checked<TicketsOfCores> open_backend_tickets(const std::vector<asio::any_io_executor>& executors,
                                             const ClientOptions& options, const OnStep& on_step) {
  return reopen_backend_tickets(executors, options, on_step, {}, {});
}

Checked<TicketsOfCores> reopen_backend_tickets(const std::vector<asio::any_io_executor>& executors,
                                               const ClientOptions& options, const OnStep& on_step,
                                               const ClientOptions& old, const TicketsOfCores& before) {
  if (!before.empty() && are_same(options, old)) return before;
  const auto clients = open_clients(executors, options, on_step);
  if (!clients) return clients.error();
  const bool same_keys = options.principal == old.principal && options.keytab == old.keytab;
  return make_backend_tickets(executors, *clients, same_keys ? before : TicketsOfCores());
}

TicketsOfCores make_backend_tickets(const std::vector<asio::any_io_executor>& executors,
                                    const std::vector<std::shared_ptr<Client>>& clients, const TicketsOfCores& before) {
  Cores cores;
  for (std::size_t i = 0; i < executors.size(); ++i) {
    const auto* const known = i < before.size() ? dynamic_cast<const CoreTickets*>(before[i].get()) : nullptr;
    auto evidence =
        known != nullptr ? known->evidence() : std::make_shared<TicketCore::Evidence>(kMaxEvidence, kMaxEvidenceBytes);
    cores.push_back(make_core(executors[i], clients[i], std::move(evidence)));
  }
  TicketsOfCores tickets;
  for (std::size_t i = 0; i < cores.size(); ++i) tickets.push_back(std::make_shared<CoreTickets>(cores, i));
  return tickets;
}

}  // namespace stead::proxy
