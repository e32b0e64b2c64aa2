#include "sspi_shim/s4u/s4u_client.h"

#include <boost/asio/error.hpp>

#include "sspi_shim/context/keytab.h"
#include "sspi_shim/s4u/forwarded_tgt.h"
#include "sspi_shim/s4u/own_keys.h"

namespace stead {
namespace {

constexpr std::chrono::minutes kEarly{2};  // a ticket is fetched anew this long before it ends
// A refusal is remembered no longer than an administrator who repairs it would notice.
constexpr std::chrono::seconds kRefusedByPolicy{10}, kUnreachable{2};

Principal service_principal(const std::string& spn, bool& good) {
  auto parsed = parse_principal(spn);
  good = parsed && !parsed->name.empty() && !parsed->name.components.front().empty();
  return good ? std::move(*parsed) : Principal{};
}

std::string owner_of(const Identity& identity) { return to_lower(identity.principal()); }

}  // namespace

Result<std::shared_ptr<Client>> Client::open(boost::asio::any_io_executor executor, ClientOptions options, std::string& what) {
  auto self = parse_principal(options.principal);
  if (!self || self->name.empty() || self->name.components.front().empty()) {
    what = "\"" + options.principal + "\" is no principal: write service/host@REALM or account$@REALM";
    return make_error_code(WireErrc::bad_value);
  }
  if (self->realm.empty()) {
    what = "the principal " + options.principal + " has no realm: write " + options.principal + "@REALM";
    return make_error_code(WireErrc::bad_value);
  }
  auto entries = read_keys_of(options.keytab, *self, what);
  if (!entries) return entries.error();
  std::vector<Key> keys;
  for (const auto& entry : *entries) {
    if (options.allow_rc4 || !is_weak(entry.key.type())) keys.push_back(entry.key);
  }
  if (keys.empty()) {
    what = options.keytab + ": the keys of " + options.principal + " are of weak encryption types only: allow_rc4 = true would use them";
    return make_error_code(WireErrc::unsupported);
  }
  auto locator = make_dc_locator(executor, options.locator);
  auto transport = make_kdc_transport(executor, locator, options.kdc_timeout);
  return std::shared_ptr<Client>(
      std::make_shared<S4uClient>(executor, std::move(options), std::move(*self), std::move(keys), std::move(transport), std::move(locator)));
}

S4uClient::S4uClient(boost::asio::any_io_executor executor, ClientOptions options, Principal self, std::vector<Key> keys,
                     std::shared_ptr<KdcTransport> transport, std::shared_ptr<DcLocator> locator)
    : executor_(executor),
      options_(std::move(options)),
      self_(std::move(self)),
      keys_(std::move(keys)),
      locator_(locator),
      driver_(executor, std::move(transport), std::move(locator), options_.on_step, options_.learn_levels),
      places_(options_.cache_entries),
      users_(options_.cache_entries),
      tickets_(options_.cache_entries),
      refusals_(options_.cache_entries) {
  if (options_.allow_rc4) surroundings_.etypes.push_back(EncType::rc4_hmac);
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
  out.trace.service = about.service + (about.service.empty() || about.target_realm.empty() ? "" : "@" + about.target_realm);
  out.trace.diagnosis = diagnose(refusal, about);
  return out;
}

Failure S4uClient::bad_name(const std::string& what) const {
  Failure out;
  out.kind = FailureKind::unusable;
  out.error = make_error_code(WireErrc::bad_value);
  out.text = what;
  return out;
}

template <class T>
Client::Awaitable<Outcome<T>> S4uClient::fly(SingleFlight<Outcome<T>>& flights, std::string key, typename SingleFlight<Outcome<T>>::Work work) {
  flights.flies(key) ? ++joins_ : ++misses_;
  std::optional<Outcome<T>> landed = co_await flights.run(std::move(key), options_.request_deadline, std::move(work));
  if (landed) co_return std::move(*landed);
  Failure late;
  late.kind = FailureKind::unreachable;
  late.error = boost::asio::error::timed_out;
  late.text = "no answer within the deadline of the request";
  co_return late;
}

void S4uClient::remember_refusal(const std::string& key, const std::string& owner, const Failure& failure) {
  ++refused_;
  if (failure.kind == FailureKind::cancelled || failure.kind == FailureKind::unusable) return;
  const auto life = failure.kind == FailureKind::unreachable ? kUnreachable : kRefusedByPolicy;
  refusals_.put(key, owner, std::make_shared<const Failure>(failure), surroundings_.now() + life);
}

Client::Awaitable<Outcome<Identity>> S4uClient::user(std::string name) {
  if (!parse_user_name(name)) co_return bad_name("\"" + name + "\" is no user's name: write user, user@suffix or DOMAIN\\user");
  const std::string key = "user " + to_lower(name);
  const auto known = users_.find(key, surroundings_.now());
  if (known) {
    ++hits_;
    co_return *known;
  }
  const auto refusal = refusals_.find(key, surroundings_.now());
  if (refusal) {
    ++hits_;
    co_return **refusal;
  }
  SingleFlight<Outcome<Identity>>::Work work = [self = shared_from_this(), name, key]() -> Awaitable<Outcome<Identity>> {
    Outcome<Identity> got = co_await self->fetch_user(name, {});
    if (got) {
      const auto ends = std::chrono::system_clock::time_point(got->end_time()) - kEarly;
      self->users_.put(key, owner_of(*got), *got, ends);
      self->users_.put("user " + to_lower(got->principal()), owner_of(*got), *got, ends);
    } else {
      self->remember_refusal(key, key, got.error());
    }
    co_return got;
  };
  Outcome<Identity> out = co_await fly<Identity>(user_flights_, key, std::move(work));
  co_return out;
}

Client::Awaitable<Outcome<Identity>> S4uClient::user_by_certificate(std::vector<std::uint8_t> der) {
  const std::string key = "certificate " + fingerprint_of(der);
  const auto known = users_.find(key, surroundings_.now());
  if (known) {
    ++hits_;
    co_return *known;
  }
  const auto refusal = refusals_.find(key, surroundings_.now());
  if (refusal) {
    ++hits_;
    co_return **refusal;
  }
  SingleFlight<Outcome<Identity>>::Work work = [self = shared_from_this(), der, key]() -> Awaitable<Outcome<Identity>> {
    Outcome<Identity> got = co_await self->fetch_user({}, der);
    if (got) {
      self->users_.put(key, owner_of(*got), *got, std::chrono::system_clock::time_point(got->end_time()) - kEarly);
    } else {
      self->remember_refusal(key, key, got.error());
    }
    co_return got;
  };
  Outcome<Identity> out = co_await fly<Identity>(user_flights_, key, std::move(work));
  co_return out;
}

Result<Identity> S4uClient::from_ticket(std::vector<std::uint8_t> ticket_der) {
  auto ticket = decode_ticket(ticket_der);
  if (!ticket) return ticket.error();
  auto opened = open_own_ticket(*ticket, keys_);
  if (!opened) return opened.error();
  auto state = std::make_shared<Identity::State>();
  state->user = {opened->part.cname, opened->part.crealm};
  state->evidence = std::move(*ticket);
  state->s4u2self = false;
  state->forwardable = (opened->part.flags & ticket_flag::forwardable) != 0;
  state->sensitive = opened->sensitive;
  state->endtime = opened->part.endtime;
  state->fingerprint = fingerprint_of(ticket_der);
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
  if (auto state = read_forwarded_tgt(*request, keys_, out.text)) return Identity(std::move(state));
  out.error = make_error_code(KrbErrc::KDC_ERR_BADOPTION);
  return out;
}

// What a user's own ticket gave is for those who bring that ticket; what S4U2Self gave, for whoever signed in as him.
std::string S4uClient::ticket_key(const Identity::State& state, const Principal& service) {
  return to_lower(to_string(state.user)) + " " + (state.s4u2self ? "s4u2self" : state.fingerprint) + " " + to_lower(to_string(service));
}

Client::Awaitable<Outcome<TicketPtr>> S4uClient::ticket_for(Identity identity, std::string spn) {
  bool good = false;
  const Principal service = service_principal(spn, good);
  if (!good) co_return bad_name("\"" + spn + "\" is no service's name: write service/host or service/host@REALM");
  const std::string key = ticket_key(identity.state(), service);
  const auto known = tickets_.find(key, surroundings_.now());
  if (known) {
    ++hits_;
    co_return *known;
  }
  const auto refusal = refusals_.find(key, surroundings_.now());
  if (refusal) {
    ++hits_;
    co_return **refusal;
  }
  SingleFlight<Outcome<TicketPtr>>::Work work = [self = shared_from_this(), identity, service, key]() -> Awaitable<Outcome<TicketPtr>> {
    Outcome<TicketPtr> got = co_await self->fetch_ticket(identity, service);
    if (got) {
      const auto ends = std::min((*got)->end_time(), identity.end_time());
      self->tickets_.put(key, owner_of(identity), *got, std::chrono::system_clock::time_point(ends) - kEarly);
    } else {
      self->remember_refusal(key, owner_of(identity), got.error());
    }
    co_return got;
  };
  Outcome<TicketPtr> out = co_await fly<TicketPtr>(ticket_flights_, key, std::move(work));
  co_return out;
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

Client::Awaitable<Outcome<LocatedController>> S4uClient::locate(std::string realm, std::string level) {
  const auto wanted = level.empty() ? std::optional(DcLevel::unknown) : dc_level_by_name(level);
  if (!wanted) co_return bad_name("\"" + level + "\" is no level: 2003, 2008, 2008R2, 2012, 2012R2, 2016, 2019 or 2022");
  Result<LocatedController> found = co_await locator_->locate(realm, *wanted, {});
  if (found) co_return std::move(*found);
  Failure out;
  out.kind = found.error() == boost::asio::error::not_found ? FailureKind::refused : FailureKind::unreachable;
  out.error = found.error();
  out.text = "no domain controller of " + realm + (level.empty() ? "" : " of level " + level) + " was found: " + found.error().message();
  co_return out;
}

void S4uClient::forget_user(std::string_view principal) {
  const auto owner = to_lower(principal);
  users_.forget_owner(owner);
  tickets_.forget_owner(owner);
  refusals_.forget_owner(owner);
}

Statistics S4uClient::statistics() const {
  Statistics out = driver_.statistics();
  out.pings = locator_->pings();
  out.cache_hits = hits_;
  out.cache_joins = joins_;
  out.cache_misses = misses_;
  out.refusals = refused_;
  return out;
}

}  // namespace stead
