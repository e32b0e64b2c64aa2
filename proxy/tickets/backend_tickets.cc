#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>

#include "proxy/tickets/backend_tickets.h"
#include "sspi_shim/base/bytes.h"
#include "sspi_shim/client/cache/ticket_cache.h"
#include "sspi_shim/protocol/errors/error.h"

namespace stead::proxy {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kFrontEntries = 20000;      // tickets in front of each core
constexpr std::size_t kEvidenceEntries = 200000;  // sessions' own tickets on each core
constexpr std::size_t kTicketEntries = 1024;      // tickets that were read already
constexpr std::size_t kTicketKey = 32;            // octets of a ticket's end, which differ by the ticket
constexpr std::chrono::seconds kSeenFor{30};
constexpr std::chrono::seconds kEndMargin{30};  // a ticket that ends sooner is not handed out

// What one core owns: the client, and the evidence of the sessions whose user hashes to it. Touched on its executor
// only.
struct Core {
  Core(asio::any_io_executor core_executor, std::shared_ptr<Client> core_client)
      : executor(std::move(core_executor)),
        client(std::move(core_client)),
        evidence(kEvidenceEntries),
        read(kTicketEntries) {}
  struct ReadTicket {
    std::vector<std::uint8_t> der;
    Identity identity;
  };
  asio::any_io_executor executor;
  std::shared_ptr<Client> client;
  TicketCache<Identity> evidence;  // by session id; owner: the user
  TicketCache<std::shared_ptr<const ReadTicket>>
      read;  // a client that keeps no cookie brings one ticket again and again
};
using Cores = std::vector<std::shared_ptr<Core>>;

// Runs work() on another executor and resumes here. `work` is a variable of the caller: g++ 12 destroys a lambda that
// is a temporary of a co_await expression twice. The caller's cancellation does not reach over: it would from another
// thread.
template <class T>
asio::awaitable<T> run_on(asio::any_io_executor executor, std::function<asio::awaitable<T>()> work) {
  co_return co_await asio::co_spawn(executor, std::move(work),
                                    asio::bind_cancellation_slot(asio::cancellation_slot(), asio::use_awaitable));
}

// Where a session's own ticket is kept, and the TGT that it brought: neither is found in place of the other.
std::string evidence_key(const Session& session) {
  return (session.forwarded_tgt ? "tgt " : "") + session.id;
}

Failure no_evidence(const Session& session) {
  return {.kind = FailureKind::unusable,
          .error = {},
          .nt_status = 0,
          .text = "this process does not hold the ticket that " + session.user + " signed in with",
          .trace = {}};
}

// A name may mean one account at sign-in and another one here (a UPN that reads like somebody's principal): never act
// for that one.
Outcome<TicketPtr> in_name_of(const Session& session, Outcome<TicketPtr> outcome) {
  if (!outcome || equal_ignoring_case((*outcome)->client(), session.user)) return outcome;
  return Failure{.kind = FailureKind::rejected,
                 .error = make_error_code(KrbErrc::KRB_AP_ERR_BADMATCH),
                 .nt_status = 0,
                 .text = "the ticket for " + session.user + " came in the name of " + (*outcome)->client(),
                 .trace = (*outcome)->trace()};
}

asio::awaitable<Outcome<TicketPtr>> fetch(std::shared_ptr<Core> owner, Session session, std::string spn) {
  if (session.method != SignInMethod::kerberos) {
    Outcome<TicketPtr> outcome = co_await owner->client->ticket_for_user(session.user, spn);
    co_return in_name_of(session, std::move(outcome));
  }
  auto identity = owner->evidence.find(evidence_key(session), std::chrono::system_clock::now());
  if (!identity) co_return no_evidence(session);
  Outcome<TicketPtr> outcome = co_await owner->client->ticket_for(*identity, spn);
  co_return in_name_of(session, std::move(outcome));
}

// Whose ticket it is. The same octets say the same, and need not be opened again.
Result<Identity> read_ticket(Core& owner, std::vector<std::uint8_t> der) {
  const std::string key(der.end() - static_cast<std::ptrdiff_t>(std::min(der.size(), kTicketKey)), der.end());
  if (const auto known = owner.read.find(key, std::chrono::system_clock::now()); known && (*known)->der == der)
    return (*known)->identity;
  auto identity = owner.client->from_ticket(der);
  if (!identity) return identity;
  auto entry = std::make_shared<const Core::ReadTicket>(Core::ReadTicket{std::move(der), *identity});
  owner.read.put(key, identity->principal(), std::move(entry), identity->end_time());
  return identity;
}

asio::awaitable<Outcome<std::string>> keep(std::shared_ptr<Core> owner, Session session,
                                           std::vector<std::uint8_t> ticket_der) {
  if (session.forwarded_tgt) {
    Outcome<Identity> forwarded = owner->client->from_forwarded_tgt(std::move(ticket_der));
    if (!forwarded) co_return forwarded.error();
    std::string principal = forwarded->principal();
    const auto end = std::min(session.expires, std::chrono::system_clock::time_point(forwarded->end_time()));
    owner->evidence.put(evidence_key(session), session.user, std::move(*forwarded), end);
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
  owner->evidence.put(evidence_key(session), session.user, std::move(*identity), end);
  co_return principal;
}

class CoreTickets : public BackendTickets {
 public:
  CoreTickets(Cores cores, std::size_t index)
      : cores_(std::move(cores)), self_(cores_[index]), front_(kFrontEntries), seen_(kFrontEntries) {}

  asio::awaitable<Outcome<TicketPtr>> get(Session session, std::string spn) override {
    const std::string key = front_key(session, spn);
    if (auto ticket = front_.find(key, std::chrono::system_clock::now())) co_return std::move(*ticket);
    const auto owner = owner_of(session);
    const std::string user = session.user;
    Outcome<TicketPtr> outcome = Failure{};
    if (owner == self_) {
      outcome = co_await fetch(owner, std::move(session), std::move(spn));
    } else {
      std::function<asio::awaitable<Outcome<TicketPtr>>()> work = [owner, session, spn] {
        return fetch(owner, session, spn);
      };
      outcome = co_await run_on<Outcome<TicketPtr>>(owner->executor, std::move(work));
    }
    if (outcome) front_.put(key, user, *outcome, (*outcome)->end_time() - kEndMargin);
    co_return outcome;
  }

  void drop(const Session& session, const std::string& spn) override {
    front_.forget(front_key(session, spn));
    forget_at_owner(session, false);
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
      co_return owner->evidence.find(key, std::chrono::system_clock::now()).has_value();
    };
    const bool there = co_await run_on<bool>(owner->executor, std::move(look));
    if (there) seen_.put(key, session.user, true, now + kSeenFor);
    co_return there;
  }

  bool knows_evidence(const Session& session) override {
    const auto& owner = owner_of(session);
    const auto now = std::chrono::system_clock::now();
    const std::string key = evidence_key(session);
    if (owner == self_) return owner->evidence.find(key, now).has_value();
    // Not a trip to the other core with each request; where the evidence went meanwhile, get() says so.
    return seen_.find(key, now).has_value();
  }

  void forget(const Session& session) override {
    front_.forget_owner(session.user);
    seen_.forget_owner(session.user);
    forget_at_owner(session, true);
  }

  Client& client() override { return *self_->client; }

 private:
  // A Kerberos session's tickets come from its own evidence and serve that session alone.
  static std::string front_key(const Session& session, const std::string& spn) {
    const bool own = session.method == SignInMethod::kerberos;
    return (own ? "session " + evidence_key(session) : "user " + session.user) + '\n' + spn;
  }
  [[nodiscard]] const std::shared_ptr<Core>& owner_of(const Session& session) const {
    return cores_[std::hash<std::string>{}(session.user) % cores_.size()];
  }
  void forget_at_owner(const Session& session, bool evidence_too) {
    const auto owner = owner_of(session);
    auto work = [owner, held = session, evidence_too]() mutable {
      owner->client->forget_user(held.user);
      if (!evidence_too) return;
      owner->read.forget_owner(held.user);
      for (const bool forwarded : {false, true}) {
        held.forwarded_tgt = forwarded;
        owner->evidence.forget(evidence_key(held));
      }
    };
    // At once where it is this core: the caller's next get() must not find what was dropped.
    if (owner == self_) return work();
    asio::post(owner->executor, std::move(work));
  }

  Cores cores_;
  std::shared_ptr<Core> self_;
  TicketCache<TicketPtr> front_;
  TicketCache<bool> seen_;  // sessions whose evidence another core has
};

}  // namespace

Result<std::vector<std::shared_ptr<BackendTickets>>> make_backend_tickets(
    const std::vector<asio::any_io_executor>& executors, const ClientOptions& options, const OnStep& on_step,
    std::string& message) {
  std::vector<std::shared_ptr<Client>> clients;
  for (std::size_t i = 0; i < executors.size(); ++i) {
    ClientOptions own = options;
    own.refusal_life = std::chrono::seconds(10);  // who repairs a delegation tries it in a browser next
    if (on_step) own.on_step = [on_step, i](const TraceStep& step) { on_step(i, step); };
    auto client = Client::open(executors[i], std::move(own), message);
    if (!client) return client.error();
    clients.push_back(std::move(*client));
  }
  return make_backend_tickets(executors, clients);
}

std::vector<std::shared_ptr<BackendTickets>> make_backend_tickets(const std::vector<asio::any_io_executor>& executors,
                                                                  const std::vector<std::shared_ptr<Client>>& clients) {
  Cores cores;
  for (std::size_t i = 0; i < executors.size(); ++i) cores.push_back(std::make_shared<Core>(executors[i], clients[i]));
  std::vector<std::shared_ptr<BackendTickets>> tickets;
  for (std::size_t i = 0; i < cores.size(); ++i) tickets.push_back(std::make_shared<CoreTickets>(cores, i));
  return tickets;
}

}  // namespace stead::proxy
