#pragma once
// Identities and tickets from memory; what is missing is fetched once for all who ask at the same time, and replaced in
// the background before it ends. Thread-safe: a cached result is given on the caller's thread. Fetches run on the
// executor.
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sspi_shim/client/cache/cache_events.h"
#include "sspi_shim/client/cache/sharded_ticket_cache.h"
#include "sspi_shim/client/cache/shared_fetch.h"
#include "sspi_shim/client/refusal_memory.h"
#include "sspi_shim/client/user_finder.h"
#include "sspi_shim/krb5/identity.h"

namespace stead {

// What the cache fetches from; called on the executor. Must keep alive what it uses.
struct TicketSource {
  std::function<Awaitable<Fetched<Identity>>(UserRequest, Freshness)> identity;
  std::function<Awaitable<Fetched<TicketPtr>>(Identity, Principal service, Freshness)> ticket;
};

enum class RememberedRefusals { respect, look_past };

class CachingClient : public std::enable_shared_from_this<CachingClient> {
 public:
  CachingClient(boost::asio::any_io_executor executor, const ClientOptions& options, ClientContext::Now clock,
                TicketSource source);

  // As Client::user and Client::user_by_certificate. The names in `user` parse.
  Awaitable<Outcome<Identity>> identity(UserRequest user);
  // As Client::ticket_for and Client::ticket_past_refusal.
  Awaitable<Outcome<TicketPtr>> ticket(Identity identity, Principal service, RememberedRefusals refusals);

  // Drops what is kept of a user. Fetches for the user that are running still answer their callers; their results are
  // not kept.
  void forget_user(std::string_view principal);
  void add_to(Statistics& statistics) const;
  // `own_name`: the service of the evidence in the view.
  [[nodiscard]] CacheView view(std::string_view user, const std::string& own_name) const;

 private:
  Awaitable<Outcome<Identity>> fetch_identity(std::string key, UserRequest user, std::optional<Time> replaced_end);
  Awaitable<Outcome<TicketPtr>> fetch_ticket(Identity identity, Principal service, std::optional<Time> replaced_end);
  // Gives what another thread's fetch has left in the cache since the caller looked, else fetches.
  Awaitable<Outcome<Identity>> identity_unless_cached(std::string key, UserRequest user);
  Awaitable<Outcome<TicketPtr>> ticket_unless_cached(std::string key, Identity identity, Principal service,
                                                     RememberedRefusals refusals);
  template <class T>
  void refresh(OutcomeFetch<T>& fetches, ShardedTicketCache<T>& cache, const std::string& key,
               typename OutcomeFetch<T>::Work work);
  void drop_refused(const std::string& key, CacheTime now);
  [[nodiscard]] CacheTerms terms_for(Time end, std::optional<Time> replaced_end, bool can_last_longer,
                                     std::size_t bytes) const;
  [[nodiscard]] std::string canonical_key(const std::string& key, CacheTime now);
  [[nodiscard]] bool is_uncached(const PrincipalName& service) const;
  [[nodiscard]] Failure refuse_again(const RefusalMemory::Remembered& refusal, CacheTime now, const std::string& user,
                                     const std::string& service) const;

  const boost::asio::any_io_executor executor_;
  const std::chrono::milliseconds deadline_;
  const std::chrono::seconds ticket_life_;  // 0: no limit
  const CacheEvents events_;
  const ClientContext::Now now_;
  const TicketSource source_;
  std::vector<std::string> uncached_services_;  // SPNs, lower case

  ShardedTicketCache<std::string> canonical_keys_;  // by the key that was asked for
  ShardedTicketCache<Identity> identities_;         // by canonical user name, or certificate
  ShardedTicketCache<TicketPtr> tickets_;           // by user, evidence, and service with its realm
  RefusalMemory refusals_;                          // by what was asked for
  OutcomeFetch<Identity> identity_fetches_;
  OutcomeFetch<TicketPtr> ticket_fetches_;
  std::atomic<int> refreshing_{0};
  std::atomic<std::uint64_t> hits_{0}, refused_{0}, refreshes_{0};
};

}  // namespace stead
