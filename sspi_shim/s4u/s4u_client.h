#pragma once
// The Client of stead/s4u.h: caches, single flights, and the order of the exchanges. What an exchange does is in the machines.
#include "sspi_shim/s4u/credential.h"
#include "sspi_shim/s4u/driver.h"
#include "sspi_shim/s4u/s4u2proxy_exchange.h"
#include "sspi_shim/s4u/single_flight.h"
#include "sspi_shim/s4u/ticket_cache.h"
#include "sspi_shim/s4u/user_realm.h"

namespace stead {

class S4uClient final : public Client, public std::enable_shared_from_this<S4uClient> {
 public:
  // `keys`: ours, newest first.
  S4uClient(boost::asio::any_io_executor executor, ClientOptions options, Principal self, std::vector<Key> keys, std::shared_ptr<KdcTransport> transport,
            std::shared_ptr<DcLocator> locator);

  Awaitable<Outcome<Identity>> user(std::string name) override;
  Awaitable<Outcome<Identity>> user_by_certificate(std::vector<std::uint8_t> der) override;
  Result<Identity> from_ticket(std::vector<std::uint8_t> ticket_der) override;
  Outcome<Identity> from_forwarded_tgt(std::vector<std::uint8_t> ap_req_der) override;
  Awaitable<Outcome<std::string>> check_password(std::string name, std::string password) override;
  Awaitable<Outcome<TicketPtr>> ticket_for(Identity identity, std::string spn) override;
  Awaitable<Outcome<TicketPtr>> ticket_for_user(std::string name, std::string spn) override;
  Awaitable<Outcome<LocatedController>> locate(std::string realm, std::string level) override;
  void forget_user(std::string_view principal) override;
  [[nodiscard]] Statistics statistics() const override;

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
  Awaitable<Step<UserPlace>> place_of_domain(CallPtr call, UserName name);
  Awaitable<std::string> realm_of_netbios(CallPtr call, std::string netbios, std::string account);
  Awaitable<Step<UserPlace>> place_of_certificate(CallPtr call, Buffer der);
  Awaitable<Step<Identity>> evidence_for(CallPtr call, UserPlace place, Buffer certificate);
  Awaitable<Step<Identity>> ask_user(CallPtr call, std::string name, Buffer certificate);
  Awaitable<Step<TicketPtr>> delegate(CallPtr call, Identity identity, Principal service);
  Awaitable<Step<TicketPtr>> ask_as_user(CallPtr call, Identity identity, Principal service);
  Awaitable<Step<CredentialPtr>> password_tgt(CallPtr call, std::string name);
  Awaitable<std::optional<Refusal>> kdc_is_genuine(CallPtr call, CredentialPtr user_tgt);

  // One user, one ticket: each the work of one flight, with one retry where a cached ticket of ours proves stale.
  Awaitable<Outcome<Identity>> fetch_user(std::string name, Buffer certificate);
  Awaitable<Outcome<TicketPtr>> fetch_ticket(Identity identity, Principal service);
  template <class T>
  Awaitable<Outcome<T>> fly(SingleFlight<Outcome<T>>& flights, std::string key, typename SingleFlight<Outcome<T>>::Work work);

  CallPtr new_call() const;
  Failure failure(const Refusal& refusal, const Call& call) const;
  Failure bad_name(const std::string& what) const;
  bool fresh(const Credential& tgt) const;
  bool stale_ticket(const Refusal& refusal) const;
  static Refusal out_of_time(Stage stage, std::string realm);
  void drop_own_tickets();
  void remember_refusal(const std::string& key, const std::string& owner, const Failure& failure);
  static std::string ticket_key(const Identity::State& state, const Principal& service);

  boost::asio::any_io_executor executor_;
  ClientOptions options_;
  Principal self_;
  std::vector<Key> keys_;
  std::shared_ptr<DcLocator> locator_;
  Surroundings surroundings_;
  Driver driver_;
  std::string own_account_;  // "frontend$", where the KDC's salt told

  std::map<std::string, CredentialPtr> tgts_;           // ours, by realm
  std::map<std::string, KnownTarget> targets_;          // by SPN, lower case
  std::map<std::string, std::string> realms_;           // by NetBIOS name, upper case
  TicketCache<UserPlace> places_;                       // by user name
  TicketCache<Identity> users_;                         // by user name, given or canonical
  TicketCache<TicketPtr> tickets_;
  TicketCache<std::shared_ptr<const Failure>> refusals_;
  SingleFlight<Outcome<Identity>> user_flights_;
  SingleFlight<Outcome<TicketPtr>> ticket_flights_;
  SingleFlight<Step<CredentialPtr>> tgt_flights_;
  std::uint64_t hits_ = 0, joins_ = 0, misses_ = 0, refused_ = 0;
};

}  // namespace stead
