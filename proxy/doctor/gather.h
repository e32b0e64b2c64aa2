#pragma once
// The gathering of facts: coroutines on one executor. Each wait has a deadline; what does not depend on another runs
// beside it. Nothing is written anywhere.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>

#include "proxy/doctor/facts.h"
#include "sspi_shim/krb5/credential.h"
#include "sspi_shim/krb5/keytab.h"
#include "sspi_shim/locate/dns_resolver.h"
#include "sspi_shim/s4u/driver.h"

namespace stead::doctor {

template <class T>
using Awaitable = boost::asio::awaitable<T>;

constexpr std::chrono::milliseconds kProbeTime{2000};  // one port of a controller
constexpr std::chrono::milliseconds kHttpTime{5000};   // one request to a back end, its connection included
constexpr std::chrono::milliseconds kNameTime{5000};   // a question to DNS

// What the gathering works with.
struct Instruments {
  Instruments(boost::asio::any_io_executor on, proxy::Config proxy_config);

  boost::asio::any_io_executor executor;
  proxy::Config config;
  Principal self;
  std::vector<KeytabEntry> keytab;  // all of it
  std::shared_ptr<DcLocator> locator;
  std::shared_ptr<DnsResolver> domain_dns;  // [locator] nameservers; null: it cannot be had
  std::shared_ptr<DnsResolver> system_dns;  // what the proxy finds its back ends by
  ExchangeContext context;
  Driver driver;

  [[nodiscard]] std::vector<Key> keys_of(const Principal& name) const;  // that may be used
  [[nodiscard]] CallPtr new_call() const;
};
using InstrumentsPtr = std::shared_ptr<Instruments>;

// Runs the tasks side by side until the last has ended.
using Task = std::function<Awaitable<void>()>;
Awaitable<void> together(boost::asio::any_io_executor executor, std::vector<Task> tasks);

// Before everything, blocking: the keytab and the files' modes.
void read_files(Instruments& tools, AccountFacts& out);

// The proxy's certificate, as its file has it; nothing: it has none.
[[nodiscard]] std::optional<CertificateFacts> read_certificate(const proxy::Config& config);

// A realm's controllers, and every one of their ports.
Awaitable<RealmFacts> look_at_realm(InstrumentsPtr tools, std::string realm);

// Signs on as the principal, or where that fails by another name of the keytab. Null: no TGT.
Awaitable<CredentialPtr> sign_on(InstrumentsPtr tools, AccountFacts& out);
// A ticket to a service as ourselves; where it is ours, whether the keytab opens it.
Awaitable<ServiceFacts> ask_service(InstrumentsPtr tools, CredentialPtr tgt, std::string spn);

// S4U2Self. Nothing: `out` says why.
Awaitable<std::optional<Identity>> ask_user(InstrumentsPtr tools, std::shared_ptr<Client> client, std::string name,
                                            UserFacts& out);
// S4U2Proxy. Null: `out` says why.
Awaitable<TicketPtr> ask_delegation(std::shared_ptr<Client> client, Identity identity, std::string service,
                                    DelegationFacts& out);

// GETs of one back end of a route: without a user, and with `ticket` where there is one.
Awaitable<void> knock(InstrumentsPtr tools, proxy::Route route, proxy::Upstream where, TicketPtr ticket,
                      BackEndFacts& out);
// The canonical names that the domain's DNS leads a name to, as browsers in the domain see it; empty: it is no alias,
// or not known.
Awaitable<std::vector<std::string>> aliases_of(InstrumentsPtr tools, std::string name);

}  // namespace stead::doctor
