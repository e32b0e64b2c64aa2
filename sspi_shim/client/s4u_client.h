#pragma once
// The Client of stead/s4u.h: caches, single flights, and the order of the exchanges. What an exchange does is in the
// machines.
//
// What callers of other threads touch is the sharded caches, the table of flights and the counters. Everything else
// belongs to the executor, on which every flight runs.
#include <atomic>

#include "sspi_shim/client/single_flight.h"
#include "sspi_shim/client/ticket_cache.h"
#include "sspi_shim/krb5/credential.h"
#include "sspi_shim/krb5/own_keys.h"
#include "sspi_shim/locate/controller_search.h"
#include "sspi_shim/s4u/driver.h"
#include "sspi_shim/s4u/s4u2proxy_exchange.h"
#include "sspi_shim/s4u/user_realm.h"

namespace stead {

class S4uClient final : public Client, public std::enable_shared_from_this<S4uClient> {
 public:
  // `keys`: ours, newest first. `clock`: the time, asked from any thread; none: the system's.
  S4uClient(boost::asio::any_io_executor executor, ClientOptions options, Principal self, std::vector<Key> keys,
            std::shared_ptr<KdcTransport> transport, std::shared_ptr<DcLocator> locator,
            std::function<CacheTime()> clock = {}, OwnKeys::Read read_keys = {});

  Awaitable<Outcome<Identity>> user(std::string name) override;
  Awaitable<Outcome<Identity>> user_by_certificate(std::vector<std::uint8_t> der, CertificateHints hints) override;
  Awaitable<Outcome<Identity>> user_within_logon_hours(std::string name, std::vector<std::uint8_t> certificate,
                                                       CertificateHints hints) override;
  Result<Identity> from_ticket(std::vector<std::uint8_t> ticket_der) override;
  Outcome<Identity> from_forwarded_tgt(std::vector<std::uint8_t> ap_req_der) override;
  Awaitable<Outcome<std::string>> check_password(std::string name, std::string password) override;
  Awaitable<Outcome<Identity>> user_by_password(std::string name, std::string password) override;
  Awaitable<Outcome<Identity>> self() override;
  Awaitable<Outcome<ProxyCredentialPtr>> proxy_credential(Identity identity) override;
  Awaitable<Outcome<TicketPtr>> ticket_for(Identity identity, std::string spn) override;
  Awaitable<Outcome<TicketPtr>> ticket_past_refusal(Identity identity, std::string spn) override;
  Awaitable<Outcome<TicketPtr>> ticket_for_user(std::string name, std::string spn) override;
  Awaitable<Outcome<LocatedController>> locate(std::string realm, std::string level) override;
  Awaitable<Outcome<LocatedController>> find_controller(std::string realm,
                                                        ControllerRequirements requirements) override;
  void forget_user(std::string_view principal) override;
  [[nodiscard]] Statistics statistics() const override;
  [[nodiscard]] CacheView cache_view(std::string_view user) const override;

 private:
  template <class T>
  using Step = boost::system::result<T, Refusal>;
  // Where a user is asked for, and under which name.
  struct UserPlace {
    std::optional<PrincipalName> name;
    std::string realm;
    bool guessed = false;  // nobody knew the UPN: the suffix is taken for the realm
  };

  // Flows, in client_flows.cc. They use the caches and write into the call's trace.
  Awaitable<Step<CredentialPtr>> own_tgt(CallPtr call);
  Awaitable<Step<CredentialPtr>> fetch_own_tgt(CallPtr call);
  Awaitable<Step<CredentialPtr>> tgt_for(CallPtr call, std::string realm);
  Awaitable<Step<UserPlace>> place_of(CallPtr call, std::string name);
  Awaitable<Step<UserPlace>> place_of_upn(CallPtr call, UserName name, std::string home);
  Awaitable<Step<UserPlace>> place_of_domain(CallPtr call, UserName name);
  Awaitable<std::string> realm_of_netbios(CallPtr call, std::string netbios, std::string account);
  Awaitable<Step<UserPlace>> place_of_certificate(CallPtr call, Buffer der, std::string home);
  Awaitable<Step<UserPlace>> place_of_owner(CallPtr call, Buffer der, CertificateHints hints);
  Awaitable<Step<Identity>> evidence_for(CallPtr call, UserPlace place, Buffer certificate);
  Awaitable<Step<TicketPtr>> delegate(CallPtr call, Identity identity, Principal service);
  Awaitable<Step<TicketPtr>> ask_as_user(CallPtr call, Identity identity, Principal service);
  Awaitable<Step<CredentialPtr>> password_tgt(CallPtr call, std::string name);
  Awaitable<std::optional<Refusal>> kdc_is_genuine(CallPtr call, CredentialPtr user_tgt);

  // A user as he was asked for: by name, or by certificate where there is one.
  struct AskedUser {
    std::string key;
    std::string name;
    Buffer certificate;
    CertificateHints hints{};
  };
  Awaitable<Step<Identity>> ask_user(CallPtr call, AskedUser asked);
  // What is cached, else one flight for all who ask.
  Awaitable<Outcome<Identity>> identity_for(AskedUser asked);
  Awaitable<Outcome<TicketPtr>> ticket_named(Identity identity, std::string spn, bool past_refusal);
  // The work of one flight: fetched, and kept if there is a result. `before`: the end of what is there already, for a
  // refresh.
  Awaitable<Outcome<Identity>> fly_for_user(AskedUser asked, std::optional<Time> before);
  Awaitable<Outcome<TicketPtr>> fly_for_ticket(Identity identity, Principal service, std::optional<Time> before);
  // Each with one retry where a cached ticket of ours proves stale. `anew`: with TGTs and evidence that are in the last
  // part of their life fetched again first, so that the result lasts longer than what it replaces.
  Awaitable<Outcome<Identity>> fetch_user(AskedUser asked, bool anew, bool within_logon_hours = false);
  Awaitable<Outcome<TicketPtr>> fetch_ticket(Identity identity, Principal service, bool anew);
  template <class T>
  Awaitable<Outcome<T>> fly(SingleFlight<Outcome<T>>& flights, std::string key,
                            typename SingleFlight<Outcome<T>>::Work work, std::function<void(bool)> boarded = {});
  // Starts the flight in the background, unless enough of them fly.
  template <class T>
  void refresh(SingleFlight<Outcome<T>>& flights, ShardedTicketCache<T>& cache, const std::string& key,
               typename SingleFlight<Outcome<T>>::Work work);
  // Runs work() on our executor, wherever the caller waits.
  template <class T>
  Awaitable<Outcome<T>> on_executor(std::function<Awaitable<Outcome<T>>()> work);
  Awaitable<Outcome<Identity>> signed_in(std::string name, SecretBuffer password);
  Awaitable<Outcome<Identity>> ourselves();
  Awaitable<Outcome<ProxyCredentialPtr>> proxied(Identity identity);
  Awaitable<Outcome<LocatedController>> located(std::string realm, DcLevel level);
  Awaitable<Outcome<LocatedController>> searched(ControllerWish wish);

  struct Remembered {
    std::shared_ptr<const Failure> failure;
    CacheTime until;
    bool probed = false;  // somebody has looked past it
  };

  CallPtr new_call() const;
  Failure failure(const Refusal& refusal, const Call& call) const;
  Failure give_again(const Remembered& refusal, CacheTime now, const std::string& user,
                     const std::string& service) const;
  Failure bad_name(const std::string& what) const;
  Failure bad_user_name(const std::string& name) const;
  static Failure nobody();
  bool is_ourselves(const PrincipalName& name, const std::string& realm) const;
  Refusal no_user() const;
  bool fresh(const Credential& tgt) const;
  // True in the last fifth of its life.
  bool aged(const Credential& tgt) const;
  bool aged(Time start, Time end) const;
  bool stale_ticket(const Refusal& refusal) const;
  CacheTerms terms_for(Time end, std::optional<Time> before, bool can_last_longer, std::size_t bytes) const;
  static Refusal out_of_time(Stage stage, std::string realm);
  void drop_own_tickets();
  // Says in `failure` how long.
  void remember_refusal(const std::string& key, const std::string& owner, Failure& failure, std::uint64_t since);
  void tell_cache(EventKind kind, const std::string& user, const std::string& service) const;
  // For fly(): a miss or a join; nothing where nobody listens.
  std::function<void(bool)> tell_boarding(const std::string& user, const std::string& service) const;
  static std::string ticket_key(const Identity::State& state, const Principal& service);

  boost::asio::any_io_executor executor_;
  ClientOptions options_;
  Principal self_;
  OwnKeys own_keys_;
  std::shared_ptr<DcLocator> locator_;
  std::shared_ptr<ControllerSearch> search_;
  ExchangeContext context_;
  Driver driver_;
  std::string own_account_;  // "frontend$", where the KDC's salt told

  std::map<std::string, CredentialPtr> tgts_;   // ours, by realm
  std::map<std::string, KnownTarget> targets_;  // by SPN, lower case
  std::map<std::string, std::string> realms_;   // by NetBIOS name, upper case
  TicketCache<UserPlace> places_;               // by user name
  ShardedTicketCache<std::string>
      aliases_;                         // the canonical key of a user's or a ticket's, by the one it was asked for with
  ShardedTicketCache<Identity> users_;  // by canonical name
  ShardedTicketCache<TicketPtr> tickets_;    // by user, evidence, and service with its realm
  ShardedTicketCache<Remembered> refusals_;  // by what was asked for
  SingleFlight<Outcome<Identity>> user_flights_;
  SingleFlight<Outcome<TicketPtr>> ticket_flights_;
  SingleFlight<Step<CredentialPtr>> tgt_flights_;
  CacheTime renew_own_at_{};  // our TGT, not before
  std::atomic<int> refreshing_{0};
  std::atomic<std::uint64_t> hits_{0}, refused_{0}, refreshes_{0};
};

// A Client without a keytab, of no service: for users who sign in by password (user_by_password), whose KDC it cannot
// check. Everything that needs keys of its own is refused. `realm`: of bare names.
[[nodiscard]] std::shared_ptr<Client> open_keyless_client(boost::asio::any_io_executor executor, ClientOptions options,
                                                          const std::string& realm);

}  // namespace stead
