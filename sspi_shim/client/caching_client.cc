#include "sspi_shim/client/caching_client.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "sspi_shim/base/text.h"
#include "sspi_shim/protocol/types/name_case.h"

namespace stead {
namespace {

using SystemClock = std::chrono::system_clock;

constexpr std::chrono::minutes kReserve{2};  // an entry expires this long before its ticket ends
constexpr int kMaxRefreshes = 8;             // at the same time
constexpr std::chrono::seconds kRefreshAgain{60};

const Credential& credential_of(const TicketPtr& ticket) {
  return static_cast<const IssuedTicket&>(*ticket).credential();
}

std::size_t size_of(const TicketPtr& ticket) {
  return size_of(credential_of(ticket)) + size_of(ticket->trace());
}

std::string owner_of(const Identity& identity) {
  return fold_case(identity.principal());
}

// True if the failure says nothing of the user or the service: what is cached stays. A refusal of our own account is an
// administrator's to repair.
bool is_no_answer(const ClassifiedFailure& failure) {
  return failure.kind == RefusalClass::no_answer || failure.kind == RefusalClass::no_capable_dc ||
         failure.failure.stage == to_string(Stage::own_tgt);
}

std::string ticket_key(const Identity& identity, const Principal& service) {
  return identity.state().cache_key + to_lower(to_string(service));
}

}  // namespace

CachingClient::CachingClient(boost::asio::any_io_executor executor, const ClientOptions& options,
                             ClientContext::Now clock, TicketSource source)
    : executor_(executor),
      deadline_(options.request_deadline),
      ticket_life_(options.ticket_life),
      events_(options.on_event),
      now_(std::move(clock)),
      source_(std::move(source)),
      canonical_keys_(2 * options.cache_entries),
      identities_(options.cache_entries, options.cache_bytes),
      tickets_(options.cache_entries, options.cache_bytes),
      refusals_(options.cache_entries, options.refusal_life),
      identity_fetches_(executor),
      ticket_fetches_(executor) {
  for (const std::string& service : options.uncached_services) uncached_services_.push_back(to_lower(service));
}

Failure CachingClient::refuse_again(const RefusalMemory::Remembered& refusal, CacheTime now, const std::string& user,
                                    const std::string& service) const {
  Failure out = refusal.again(now);
  events_.report(EventKind::negative_hit, user, service, out.text);
  return out;
}

std::string CachingClient::canonical_key(const std::string& key, CacheTime now) {
  return canonical_keys_.find(key, now).value_or(key);
}

bool CachingClient::is_uncached(const PrincipalName& service) const {
  return std::find(uncached_services_.begin(), uncached_services_.end(), to_lower(to_string(service))) !=
         uncached_services_.end();
}

// `replaced_end`: when the ticket that this one replaces ends. A successor is due after four fifths of the entry's
// life, unless it could not last longer either. What ticket_life limits is always asked for again: to see whether the
// KDC still gives it.
CacheTerms CachingClient::terms_for(Time end, std::optional<Time> replaced_end, bool can_last_longer,
                                    std::size_t bytes) const {
  const auto now = now_();
  CacheTerms out{SystemClock::time_point(end) - kReserve, kNever, bytes};
  const bool limited = ticket_life_.count() != 0 && now + ticket_life_ < out.expires;
  if (limited) out.expires = now + ticket_life_;
  const bool gained = can_last_longer && (!replaced_end || end > *replaced_end);
  if ((limited || gained) && out.expires > now) out.refresh = now + (out.expires - now) / 5 * 4;
  return out;
}

template <class T>
void CachingClient::refresh(OutcomeFetch<T>& fetches, ShardedTicketCache<T>& cache, const std::string& key,
                            typename OutcomeFetch<T>::Work work) {
  if (refreshing_.fetch_add(1) >= kMaxRefreshes) {
    --refreshing_;
    cache.refresh_at(key, now_() + std::chrono::seconds(1));
    return;
  }
  typename OutcomeFetch<T>::Work counted = [self = shared_from_this(), &cache, key,
                                            work = std::move(work)]() -> Awaitable<Outcome<T>> {
    Outcome<T> got = co_await work();
    if (!got) cache.refresh_at(key, self->now_() + kRefreshAgain);
    --self->refreshing_;
    co_return got;
  };
  if (fetches.start(key, deadline_, std::move(counted))) {
    ++refreshes_;
  } else {
    --refreshing_;
  }
}

Awaitable<Outcome<Identity>> CachingClient::identity(UserRequest user) {
  const auto now = now_();
  const std::string asked = key_of(user);
  const std::string key = canonical_key(asked, now);
  if (const auto known = identities_.look(key, now)) {
    ++hits_;
    if (events_.enabled()) events_.report(EventKind::cache_hit, known->value.principal(), {});
    if (known->refresh) {
      refresh<Identity>(identity_fetches_, identities_, key,
                        [self = shared_from_this(), asked, user, end = known->value.end_time()] {
                          return self->fetch_identity(asked, user, end);
                        });
    }
    co_return known->value;
  }
  if (const auto refusal = refusals_.find(asked, now)) {
    ++hits_;
    co_return refuse_again(*refusal, now, user.name, {});
  }
  auto on_role = events_.role_reporter(user.name, {});
  OutcomeFetch<Identity>::Work work = [self = shared_from_this(), asked, user = std::move(user)] {
    return self->identity_unless_cached(asked, user);
  };
  Outcome<Identity> out =
      co_await wait_for<Identity>(identity_fetches_, key, deadline_, std::move(work), std::move(on_role));
  co_return out;
}

Awaitable<Outcome<Identity>> CachingClient::identity_unless_cached(std::string key, UserRequest user) {
  const auto now = now_();
  if (auto cached = identities_.find(canonical_key(key, now), now)) co_return std::move(*cached);
  if (const auto refusal = refusals_.find(key, now)) co_return refuse_again(*refusal, now, user.name, {});
  Outcome<Identity> got = co_await fetch_identity(std::move(key), std::move(user), std::nullopt);
  co_return got;
}

Awaitable<Outcome<Identity>> CachingClient::fetch_identity(std::string key, UserRequest user,
                                                           std::optional<Time> replaced_end) {
  const auto since = identities_.epoch();
  const Freshness freshness = replaced_end ? Freshness::renewed : Freshness::cached;
  Fetched<Identity> got = co_await source_.identity(user, freshness);
  const auto now = now_();
  identities_.expire(now);
  canonical_keys_.expire(now);
  if (!got && replaced_end && is_no_answer(got.error())) co_return got.error().failure;
  if (!got) {
    ++refused_;
    if (replaced_end) drop_refused(key, now);
    co_return refusals_.remember(key, key, got.error(), now, identities_.epoch());
  }
  const std::string owner = owner_of(*got);
  const CacheTerms terms = terms_for(got->end_time(), replaced_end, true, size_of(*got));
  // The owner of a certificate is for the KDC to say each time: that identity is found by the certificate alone.
  const std::string canonical = user.certificate.empty() ? key_of(UserRequest{got->principal()}) : key;
  identities_.put(canonical, owner, *got, terms, since);
  if (canonical != key) canonical_keys_.put(key, owner, canonical, {terms.expires}, since);
  refusals_.forget(key);
  co_return std::move(*got);
}

Awaitable<Outcome<TicketPtr>> CachingClient::ticket(Identity identity, Principal service, RememberedRefusals refusals) {
  const std::string asked = ticket_key(identity, service);
  const auto now = now_();
  const std::string key = canonical_key(asked, now);
  if (const auto known = tickets_.look(key, now)) {
    ++hits_;
    if (events_.enabled()) events_.report(EventKind::cache_hit, identity.principal(), to_string(service));
    if (known->refresh) {
      refresh<TicketPtr>(ticket_fetches_, tickets_, key,
                         [self = shared_from_this(), identity, service, end = known->value->end_time()] {
                           return self->fetch_ticket(identity, service, end);
                         });
    }
    co_return known->value;
  }
  if (auto refusal = refusals_.find(asked, now)) {
    if (refusals == RememberedRefusals::respect || refusal->is_probed) {
      ++hits_;
      co_return refuse_again(*refusal, now, identity.principal(), to_string(service));
    }
    refusals_.mark_probed(asked, owner_of(identity), std::move(*refusal));
  }
  std::function<void(FetchRole)> on_role;
  if (events_.enabled()) on_role = events_.role_reporter(identity.principal(), to_string(service));
  OutcomeFetch<TicketPtr>::Work work = [self = shared_from_this(), asked, identity, service, refusals] {
    return self->ticket_unless_cached(asked, identity, service, refusals);
  };
  Outcome<TicketPtr> out =
      co_await wait_for<TicketPtr>(ticket_fetches_, key, deadline_, std::move(work), std::move(on_role));
  co_return out;
}

Awaitable<Outcome<TicketPtr>> CachingClient::ticket_unless_cached(std::string key, Identity identity, Principal service,
                                                                  RememberedRefusals refusals) {
  const auto now = now_();
  if (auto cached = tickets_.find(canonical_key(key, now), now)) co_return std::move(*cached);
  const auto refusal = refusals_.find(key, now);
  if (refusal && refusals == RememberedRefusals::respect)
    co_return refuse_again(*refusal, now, identity.principal(), to_string(service));
  Outcome<TicketPtr> got = co_await fetch_ticket(std::move(identity), std::move(service), std::nullopt);
  co_return got;
}

Awaitable<Outcome<TicketPtr>> CachingClient::fetch_ticket(Identity identity, Principal service,
                                                          std::optional<Time> replaced_end) {
  const auto since = tickets_.epoch();
  const std::string owner = owner_of(identity);
  const std::string asked = ticket_key(identity, service);
  const Freshness freshness = replaced_end ? Freshness::renewed : Freshness::cached;
  Fetched<TicketPtr> got = co_await source_.ticket(identity, service, freshness);
  const auto now = now_();
  tickets_.expire(now);
  refusals_.expire(now);
  if (!got && replaced_end && is_no_answer(got.error())) co_return got.error().failure;
  if (!got) {
    ++refused_;
    if (replaced_end) tickets_.forget(canonical_key(asked, now));
    co_return refusals_.remember(asked, owner, got.error(), now, since);
  }
  refusals_.forget(asked);
  const Credential& credential = credential_of(*got);
  if (is_uncached(credential.service)) co_return std::move(*got);
  // A ticket ends with the evidence that the user presented. Evidence by S4U2Self can be had again.
  const bool by_s4u2self = identity.by_s4u2self();
  const auto end = by_s4u2self ? credential.endtime : std::min(credential.endtime, identity.end_time());
  const CacheTerms terms = terms_for(end, replaced_end, by_s4u2self || end < identity.end_time(), size_of(*got));
  const std::string key = ticket_key(identity, {credential.service, credential.service_realm});
  tickets_.put(key, owner, *got, terms, since);
  if (key != asked) canonical_keys_.put(asked, owner, key, {terms.expires}, since);
  co_return std::move(*got);
}

// A KDC refuses the user whose identity is cached under `key`: nothing that it gave for them before is used again.
void CachingClient::drop_refused(const std::string& key, CacheTime now) {
  const std::string canonical = canonical_key(key, now);
  const auto known = identities_.find(canonical, now);
  identities_.forget(canonical);
  if (known) forget_user(known->principal());
}

void CachingClient::forget_user(std::string_view principal) {
  const auto owner = fold_case(principal);
  canonical_keys_.evict(owner);
  identities_.evict(owner);
  tickets_.evict(owner);
  refusals_.evict(owner);
}

void CachingClient::add_to(Statistics& statistics) const {
  statistics.cache_hits += hits_;
  statistics.cache_joins += identity_fetches_.joined() + ticket_fetches_.joined();
  statistics.cache_misses += identity_fetches_.started() + ticket_fetches_.started() - refreshes_;
  statistics.refreshes += refreshes_;
  statistics.refusals += refused_;
}

CacheView CachingClient::view(std::string_view user, const std::string& own_name) const {
  CacheView out;
  out.tickets = tickets_.size();
  out.evidence = identities_.size();
  out.refusals = refusals_.size();
  out.bytes = tickets_.bytes() + identities_.bytes();
  if (user.empty()) return out;
  const auto now = now_();
  const std::string owner = fold_case(user);
  identities_.for_each_of(owner, now, [&](const Identity& identity) {
    out.kept.push_back({identity.principal(), own_name, true, identity.end_time()});
  });
  tickets_.for_each_of(owner, now, [&](const TicketPtr& ticket) {
    out.kept.push_back({ticket->client(), ticket->service(), false, ticket->end_time()});
  });
  return out;
}

}  // namespace stead
