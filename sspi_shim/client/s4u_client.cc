#include "sspi_shim/client/s4u_client.h"

#include <algorithm>
#include <boost/asio/error.hpp>

#include "sspi_shim/client/forwarded_tgt.h"
#include "sspi_shim/krb5/own_keys.h"
#include "sspi_shim/s4u/events.h"

namespace stead {
namespace {

using SystemClock = std::chrono::system_clock;

constexpr std::chrono::minutes kEarly{2};  // a ticket is fetched anew this long before it ends
constexpr int kMaxRefreshes = 8;           // under way together
constexpr std::chrono::seconds kRefreshAgain{60};

// How long a refusal is remembered: no longer than an administrator who repairs it would wait. Drawn from the class's
// span, so that many that came together do not end together.
std::chrono::milliseconds life_of(const Failure& failure, std::chrono::milliseconds refusal_life) {
  using std::chrono::seconds;
  struct Span {
    std::chrono::milliseconds from, to;
  };
  constexpr Span transport{seconds(1), seconds(3)}, no_controller{seconds(2), seconds(5)},
      unknown{seconds(30), seconds(60)};
  Span span{refusal_life, 2 * refusal_life};
  if (failure.kind != FailureKind::refused) {
    span = transport;
  } else if (failure.trace.diagnosis && failure.trace.diagnosis->code == "no_2012_dc_found") {
    span = no_controller;  // one may be back any moment
  } else if (failure.error == KrbErrc::KDC_ERR_C_PRINCIPAL_UNKNOWN ||
             failure.error == KrbErrc::KDC_ERR_S_PRINCIPAL_UNKNOWN) {
    span = {std::min(span.from, unknown.from), std::min(span.to, unknown.to)};
  }
  return span.from +
         std::chrono::milliseconds(random_nonce() % static_cast<std::uint32_t>((span.to - span.from).count() + 1));
}

// Nobody needs to change anything for the next answer to be another one.
bool may_mend_itself(const Failure& failure) {
  switch (failure.kind) {
    case FailureKind::unreachable:
    case FailureKind::rejected:
    case FailureKind::cancelled:
      return true;
    case FailureKind::unusable:
      return false;
    case FailureKind::refused:
      break;
  }
  return failure.error == KrbErrc::KDC_ERR_SVC_UNAVAILABLE ||
         (failure.trace.diagnosis && failure.trace.diagnosis->code == "no_2012_dc_found");
}

std::size_t size_of(const Identity& identity) {
  const auto& state = identity.state();
  return sizeof state +
         (state.to_ourselves ? size_of(*state.to_ourselves)
          : state.evidence   ? state.evidence->enc_part.cipher.size()
                             : 0) +
         size_of(state.trace);
}

std::size_t size_of_ticket(const TicketPtr& ticket) {
  return size_of(static_cast<const IssuedTicket&>(*ticket).credential()) + size_of(ticket->trace());
}

Principal service_principal(const std::string& spn, bool& good) {
  auto parsed = parse_principal(spn);
  good = parsed && !parsed->name.empty() && !parsed->name.components.front().empty();
  return good ? std::move(*parsed) : Principal{};
}

std::string owner_of(const Identity& identity) {
  return to_lower(identity.principal());
}

}  // namespace

S4uClient::S4uClient(boost::asio::any_io_executor executor, ClientOptions options, Principal self,
                     std::vector<Key> keys, std::shared_ptr<KdcTransport> transport, std::shared_ptr<DcLocator> locator,
                     std::function<CacheTime()> clock, OwnKeys::Read read_keys)
    : executor_(executor),
      options_(std::move(options)),
      self_(std::move(self)),
      own_keys_(std::move(keys), std::move(read_keys)),
      locator_(locator),
      search_(std::make_shared<ControllerSearch>(executor, locator)),
      driver_(executor, std::move(transport), std::move(locator), options_.on_step, options_.learn_levels,
              options_.on_event),
      places_(options_.cache_entries),
      aliases_(2 * options_.cache_entries),
      users_(options_.cache_entries, options_.cache_bytes),
      tickets_(options_.cache_entries, options_.cache_bytes),
      refusals_(options_.cache_entries),
      user_flights_(executor),
      ticket_flights_(executor),
      tgt_flights_(executor) {
  for (std::string& service : options_.uncached_services) service = to_lower(service);
  if (clock) context_.now = std::move(clock);
  if (options_.allow_rc4) context_.etypes.push_back(EncType::rc4_hmac);
  if (options_.on_event) {
    locator_->on_health(
        [told = options_.on_event](const KnownController& dc, const char* state) { told(event_of_health(dc, state)); });
  }
}

CallPtr S4uClient::new_call() const {
  auto call = std::make_shared<Call>();
  call->deadline = std::chrono::steady_clock::now() + options_.request_deadline;
  call->about.front_end = self_;
  call->about.front_account = own_account_;
  return call;
}

Failure S4uClient::failure(const Refusal& refusal, const Call& call) const {
  auto about = call.about;
  about.front_account = own_account_;
  Failure out;
  out.kind = refusal.kind;
  out.error = refusal.error;
  out.nt_status = static_cast<std::uint32_t>(refusal.status.value_or(NtStatus::STATUS_SUCCESS));
  out.text = one_line(refusal, about);
  out.trace = call.trace;
  out.trace.client = about.user;
  out.trace.service =
      about.service + (about.service.empty() || about.target_realm.empty() ? "" : "@" + about.target_realm);
  out.trace.diagnosis = diagnose(refusal, about);
  out.stage = to_string(refusal.stage);
  out.realm = refusal.realm;
  out.controller = refusal.by.where.name;
  if (!refusal.by.where.address.empty())
    out.address = endpoint_text(refusal.by.where.address, refusal.by.where.kerberos_port);
  if (!out.controller.empty() || !out.address.empty()) out.level = to_string(refusal.by.level);
  out.retryable = may_mend_itself(out);
  return out;
}

// What is remembered, with the time that is left of it.
Failure S4uClient::give_again(const Remembered& refusal, CacheTime now, const std::string& user,
                              const std::string& service) const {
  Failure out = *refusal.failure;
  out.cacheable_for = std::chrono::duration_cast<std::chrono::milliseconds>(refusal.until - now);
  if (options_.on_event) {
    Event event;
    event.kind = EventKind::negative_hit;
    event.user = user;
    event.service = service;
    event.reason = out.text;
    options_.on_event(event);
  }
  return out;
}

void S4uClient::tell_cache(EventKind kind, const std::string& user, const std::string& service) const {
  if (!options_.on_event) return;
  Event event;
  event.kind = kind;
  event.user = user;
  event.service = service;
  options_.on_event(event);
}

std::function<void(bool)> S4uClient::tell_boarding(const std::string& user, const std::string& service) const {
  if (!options_.on_event) return {};
  return [self = shared_from_this(), user, service](bool started) {
    self->tell_cache(started ? EventKind::cache_miss : EventKind::cache_join, user, service);
  };
}

Failure S4uClient::bad_name(const std::string& what) const {
  Failure out;
  out.kind = FailureKind::unusable;
  out.error = make_error_code(WireErrc::bad_value);
  out.text = what;
  return out;
}

Failure S4uClient::bad_user_name(const std::string& name) const {
  return bad_name("\"" + name + "\" is no user's name: write user, user@suffix or DOMAIN\\user");
}

Failure S4uClient::nobody() {
  Failure out;
  out.kind = FailureKind::unusable;
  out.error = make_error_code(boost::system::errc::invalid_argument);
  out.text = "the identity is nobody's";
  return out;
}

template <class T>
Client::Awaitable<Outcome<T>> S4uClient::fly(SingleFlight<Outcome<T>>& flights, std::string key,
                                             typename SingleFlight<Outcome<T>>::Work work,
                                             std::function<void(bool)> boarded) {
  std::optional<Outcome<T>> landed =
      co_await flights.run(std::move(key), options_.request_deadline, std::move(work), std::move(boarded));
  if (landed) co_return std::move(*landed);
  Failure none;
  const auto state = co_await boost::asio::this_coro::cancellation_state;
  if (state.cancelled() != boost::asio::cancellation_type::none) {
    none.kind = FailureKind::cancelled;
    none.error = boost::asio::error::operation_aborted;
    none.text = "the call was cancelled";
  } else {
    none.kind = FailureKind::unreachable;
    none.error = boost::asio::error::timed_out;
    none.text = "no answer within the deadline of the request";
  }
  none.retryable = true;
  co_return none;
}

template <class T>
void S4uClient::refresh(SingleFlight<Outcome<T>>& flights, ShardedTicketCache<T>& cache, const std::string& key,
                        typename SingleFlight<Outcome<T>>::Work work) {
  if (refreshing_.fetch_add(1) >= kMaxRefreshes) {
    --refreshing_;
    cache.refresh_at(key, context_.now() + std::chrono::seconds(1));
    return;
  }
  typename SingleFlight<Outcome<T>>::Work counted = [self = shared_from_this(), &cache, key,
                                                     work = std::move(work)]() -> Awaitable<Outcome<T>> {
    Outcome<T> got = co_await work();
    if (!got) cache.refresh_at(key, self->context_.now() + kRefreshAgain);
    --self->refreshing_;
    co_return got;
  };
  if (flights.start(key, options_.request_deadline, std::move(counted))) {
    ++refreshes_;
  } else {
    --refreshing_;
  }
}

template <class T>
Client::Awaitable<Outcome<T>> S4uClient::on_executor(std::function<Awaitable<Outcome<T>>()> work) {
  const auto here = co_await boost::asio::this_coro::executor;
  if (here == executor_) co_return co_await work();
  // A flight of its own: whose executor it runs on, and whose cancellation reaches how far, is settled there.
  SingleFlight<Outcome<T>> flight(executor_);
  typename SingleFlight<Outcome<T>>::Work kept = [self = shared_from_this(),
                                                  work = std::move(work)]() -> Awaitable<Outcome<T>> {
    Outcome<T> out = co_await work();
    co_return out;
  };
  Outcome<T> out = co_await fly<T>(flight, "", std::move(kept));
  co_return out;
}

template Client::Awaitable<Outcome<Identity>> S4uClient::on_executor(std::function<Awaitable<Outcome<Identity>>()>);
template Client::Awaitable<Outcome<LocatedController>> S4uClient::on_executor(
    std::function<Awaitable<Outcome<LocatedController>>()>);
template Client::Awaitable<Outcome<ProxyCredentialPtr>> S4uClient::on_executor(
    std::function<Awaitable<Outcome<ProxyCredentialPtr>>()>);

// The end of what is kept is known; when to look for its successor, unless that could not last longer.
CacheTerms S4uClient::terms_for(Time end, std::optional<Time> before, bool can_last_longer, std::size_t bytes) const {
  const auto now = context_.now();
  CacheTerms out{SystemClock::time_point(end) - kEarly, kNever, bytes};
  if (options_.ticket_life.count() != 0) out.expires = std::min<CacheTime>(out.expires, now + options_.ticket_life);
  const bool gained = !before || end > *before;
  if (can_last_longer && gained && out.expires > now) out.refresh = now + (out.expires - now) / 5 * 4;
  return out;
}

void S4uClient::remember_refusal(const std::string& key, const std::string& owner, Failure& failure,
                                 std::uint64_t since) {
  ++refused_;
  if (failure.kind == FailureKind::cancelled || failure.kind == FailureKind::unusable) return;
  const auto now = context_.now();
  // What a probe found holds no longer than what it looked past: one of them in that time.
  const auto before = refusals_.find(key, now);
  const CacheTime until = before ? before->until : now + life_of(failure, options_.refusal_life);
  failure.cacheable_for = std::chrono::duration_cast<std::chrono::milliseconds>(until - now);
  refusals_.put(key, owner, {std::make_shared<const Failure>(failure), until, before.has_value()},
                {until, kNever, size_of(failure.trace)}, since);
}

Client::Awaitable<Outcome<Identity>> S4uClient::fly_for_user(AskedUser asked, std::optional<Time> before) {
  const auto since = users_.epoch();
  Outcome<Identity> got = co_await fetch_user(asked, before.has_value());
  const auto now = context_.now();
  users_.expire(now);
  aliases_.expire(now);
  if (!got) {
    Failure failure = got.error();
    if (!before) remember_refusal(asked.key, asked.key, failure, since);
    co_return failure;
  }
  const std::string owner = owner_of(*got);
  const CacheTerms terms = terms_for(got->end_time(), before, true, size_of(*got));
  // Whom a certificate belongs to its own realm says, each time: what it gave is found by the certificate alone.
  const bool by_name = asked.certificate.empty();
  const std::string key = by_name ? "user " + owner : asked.key;
  users_.put(key, owner, *got, terms, since);
  if (key != asked.key) aliases_.put(asked.key, owner, key, {terms.expires}, since);
  refusals_.forget(asked.key);
  co_return got;
}

Client::Awaitable<Outcome<Identity>> S4uClient::identity_for(AskedUser asked) {
  const auto now = context_.now();
  const std::string key = aliases_.find(asked.key, now).value_or(asked.key);
  if (const auto known = users_.look(key, now)) {
    ++hits_;
    if (options_.on_event) tell_cache(EventKind::cache_hit, known->value.principal(), {});
    if (known->refresh) {
      refresh<Identity>(user_flights_, users_, key,
                        [self = shared_from_this(), asked, before = known->value.end_time()] {
                          return self->fly_for_user(asked, before);
                        });
    }
    co_return known->value;
  }
  if (const auto refusal = refusals_.find(asked.key, now)) {
    ++hits_;
    co_return give_again(*refusal, now, asked.name, {});
  }
  SingleFlight<Outcome<Identity>>::Work work = [self = shared_from_this(), asked]() -> Awaitable<Outcome<Identity>> {
    // Another thread's flight may have landed since we looked.
    const auto then = self->context_.now();
    if (auto landed = self->users_.find(self->aliases_.find(asked.key, then).value_or(asked.key), then))
      co_return std::move(*landed);
    if (const auto refusal = self->refusals_.find(asked.key, then))
      co_return self->give_again(*refusal, then, asked.name, {});
    Outcome<Identity> got = co_await self->fly_for_user(asked, std::nullopt);
    co_return got;
  };
  Outcome<Identity> out = co_await fly<Identity>(user_flights_, key, std::move(work), tell_boarding(asked.name, {}));
  co_return out;
}

Client::Awaitable<Outcome<Identity>> S4uClient::user(std::string name) {
  if (!parse_user_name(name)) co_return bad_user_name(name);
  AskedUser asked{"user " + to_lower(name), std::move(name), {}, {}};
  Outcome<Identity> out = co_await identity_for(std::move(asked));
  co_return out;
}

Client::Awaitable<Outcome<Identity>> S4uClient::user_by_certificate(std::vector<std::uint8_t> der,
                                                                    CertificateHints hints) {
  if (!hints.name.empty() && !parse_user_name(hints.name)) co_return bad_user_name(hints.name);
  std::string key = "certificate " + fingerprint_of(der);
  if (!hints.name.empty() || !hints.domain.empty())
    key += '\n' + to_lower(hints.name) + '\n' + to_lower(hints.domain) + (hints.unique ? "\nunique" : "");
  AskedUser asked{std::move(key), {}, std::move(der), std::move(hints)};
  Outcome<Identity> out = co_await identity_for(std::move(asked));
  co_return out;
}

// It holds at this hour only: nothing of it is kept.
Client::Awaitable<Outcome<Identity>> S4uClient::user_within_logon_hours(std::string name,
                                                                        std::vector<std::uint8_t> certificate,
                                                                        CertificateHints hints) {
  if (!certificate.empty()) name.clear();
  const std::string& named = certificate.empty() ? name : hints.name;
  if ((certificate.empty() || !named.empty()) && !parse_user_name(named)) co_return bad_user_name(named);
  AskedUser asked{{}, std::move(name), std::move(certificate), std::move(hints)};
  std::function<Awaitable<Outcome<Identity>>()> work = [this, asked] { return fetch_user(asked, false, true); };
  Outcome<Identity> out = co_await on_executor<Identity>(std::move(work));
  co_return out;
}

Result<Identity> S4uClient::from_ticket(std::vector<std::uint8_t> ticket_der) {
  auto ticket = decode_ticket(ticket_der);
  if (!ticket) return ticket.error();
  auto opened = own_keys_.open(*ticket);
  if (!opened) return opened.error();
  auto state = std::make_shared<Identity::State>();
  state->user = {opened->part.cname, opened->part.crealm};
  state->evidence = std::make_shared<const Ticket>(std::move(*ticket));
  state->s4u2self = false;
  state->forwardable = (opened->part.flags & ticket_flag::forwardable) != 0;
  state->sensitive = opened->sensitive;
  state->endtime = opened->part.endtime;
  state->fingerprint = fingerprint_of(ticket_der);
  state->cache_key = to_lower(to_string(state->user)) + " " + state->fingerprint + " ";
  state->trace.client = to_string(state->user);
  return Identity(std::move(state));
}

Outcome<Identity> S4uClient::from_forwarded_tgt(std::vector<std::uint8_t> ap_req_der) {
  Failure out;
  const auto request = decode_ap_req(ap_req_der);
  if (!request) {
    out.kind = FailureKind::rejected;
    out.error = request.error();
    out.text = "the AP-REQ is malformed: " + request.error().message();
    return out;
  }
  if (auto state = read_forwarded_tgt(*request, own_keys_.open(request->ticket), out.text))
    return Identity(std::move(state));
  out.error = make_error_code(KrbErrc::KDC_ERR_BADOPTION);
  return out;
}

// What a user's own ticket gave is for those who bring that ticket; what S4U2Self gave, for whoever signed in as him.
std::string S4uClient::ticket_key(const Identity::State& state, const Principal& service) {
  if (!state.cache_key.empty()) return state.cache_key + to_lower(to_string(service));
  return to_lower(to_string(state.user)) + " " + (state.s4u2self ? "s4u2self" : state.fingerprint) + " " +
         to_lower(to_string(service));
}

Client::Awaitable<Outcome<TicketPtr>> S4uClient::fly_for_ticket(Identity identity, Principal service,
                                                                std::optional<Time> before) {
  const auto since = tickets_.epoch();
  const std::string owner = owner_of(identity);
  const std::string asked = ticket_key(identity.state(), service);
  Outcome<TicketPtr> got = co_await fetch_ticket(identity, service, before.has_value());
  const auto now = context_.now();
  tickets_.expire(now);
  refusals_.expire(now);
  if (!got) {
    Failure failure = got.error();
    if (!before) remember_refusal(asked, owner, failure, since);
    co_return failure;
  }
  refusals_.forget(asked);
  const auto& credential = static_cast<const IssuedTicket&>(**got).credential();
  const auto& uncached = options_.uncached_services;
  if (std::find(uncached.begin(), uncached.end(), to_lower(to_string(credential.service))) != uncached.end())
    co_return got;
  // Evidence by S4U2Self is had again; a ticket by the user's own ends with it.
  const bool by_s4u2self = identity.by_s4u2self();
  const auto end = by_s4u2self ? credential.endtime : std::min(credential.endtime, identity.end_time());
  const CacheTerms terms = terms_for(end, before, by_s4u2self || end < identity.end_time(), size_of_ticket(*got));
  const std::string key = ticket_key(identity.state(), {credential.service, credential.service_realm});
  tickets_.put(key, owner, *got, terms, since);
  if (key != asked) aliases_.put(asked, owner, key, {terms.expires}, since);
  co_return got;
}

Client::Awaitable<Outcome<TicketPtr>> S4uClient::ticket_named(Identity identity, std::string spn, bool past_refusal) {
  bool good = false;
  const Principal service = service_principal(spn, good);
  if (!good) co_return bad_name("\"" + spn + "\" is no service's name: write service/host or service/host@REALM");
  if (identity.state().is_nobody()) co_return nobody();
  const std::string asked = ticket_key(identity.state(), service);
  const auto now = context_.now();
  const std::string key = aliases_.find(asked, now).value_or(asked);
  if (const auto known = tickets_.look(key, now)) {
    ++hits_;
    if (options_.on_event) tell_cache(EventKind::cache_hit, identity.principal(), to_string(service));
    if (known->refresh) {
      refresh<TicketPtr>(ticket_flights_, tickets_, key,
                         [self = shared_from_this(), identity, service, before = known->value->end_time()] {
                           return self->fly_for_ticket(identity, service, before);
                         });
    }
    co_return known->value;
  }
  if (auto refusal = refusals_.find(asked, now)) {
    if (!past_refusal || refusal->probed) {
      ++hits_;
      co_return give_again(*refusal, now, identity.principal(), to_string(service));
    }
    refusal->probed = true;
    const CacheTerms terms{refusal->until, kNever, size_of(refusal->failure->trace)};
    refusals_.put(asked, owner_of(identity), std::move(*refusal), terms, refusals_.epoch());
  }
  SingleFlight<Outcome<TicketPtr>>::Work work = [self = shared_from_this(), identity, service, asked,
                                                 past_refusal]() -> Awaitable<Outcome<TicketPtr>> {
    const auto then = self->context_.now();
    if (auto landed = self->tickets_.find(self->aliases_.find(asked, then).value_or(asked), then))
      co_return std::move(*landed);
    const auto refusal = self->refusals_.find(asked, then);
    if (refusal && !past_refusal) co_return self->give_again(*refusal, then, identity.principal(), to_string(service));
    Outcome<TicketPtr> got = co_await self->fly_for_ticket(identity, service, std::nullopt);
    co_return got;
  };
  std::function<void(bool)> boarded;
  if (options_.on_event) boarded = tell_boarding(identity.principal(), to_string(service));
  Outcome<TicketPtr> out = co_await fly<TicketPtr>(ticket_flights_, key, std::move(work), std::move(boarded));
  co_return out;
}

Client::Awaitable<Outcome<TicketPtr>> S4uClient::ticket_for(Identity identity, std::string spn) {
  return ticket_named(std::move(identity), std::move(spn), false);
}

Client::Awaitable<Outcome<TicketPtr>> S4uClient::ticket_past_refusal(Identity identity, std::string spn) {
  return ticket_named(std::move(identity), std::move(spn), true);
}

Client::Awaitable<Outcome<TicketPtr>> S4uClient::ticket_for_user(std::string name, std::string spn) {
  Outcome<Identity> who = co_await user(std::move(name));
  if (!who) {
    Failure out = who.error();
    out.trace.service = spn;
    co_return out;
  }
  Outcome<TicketPtr> out = co_await ticket_for(*who, std::move(spn));
  co_return out;
}

void S4uClient::forget_user(std::string_view principal) {
  const auto owner = to_lower(principal);
  aliases_.evict(owner);
  users_.evict(owner);
  tickets_.evict(owner);
  refusals_.evict(owner);
}

Statistics S4uClient::statistics() const {
  Statistics out = driver_.statistics();
  out.pings = locator_->pings();
  out.cache_hits = hits_;
  out.cache_joins = user_flights_.joined() + ticket_flights_.joined();
  out.cache_misses = user_flights_.started() + ticket_flights_.started() - refreshes_;
  out.refreshes = refreshes_;
  out.refusals = refused_;
  return out;
}

}  // namespace stead
