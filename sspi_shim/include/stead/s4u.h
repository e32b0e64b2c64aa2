#pragma once
// Kerberos tickets on behalf of a user: S4U2Self, S4U2Proxy and resource-based constrained delegation (RBCD) across
// domains and forests (MS-SFU). Each result comes with a trace of the requests and DCs, each refusal with a diagnosis.
//
//   std::string what;                                                     // why open() failed, in one line
//   auto opened = stead::Client::open(io.get_executor(), options, what);  // options: see stead/client_config.h
//   if (!opened) { std::cerr << what << '\n'; return; }
//   const std::shared_ptr<stead::Client> client = *opened;
//
//   auto alice  = co_await client->user("alice@root.fabrikam.com");  // each result: check it before you use it
//   auto ticket = co_await client->ticket_for(*alice, "HTTP/backend.corp.contoso.com");
//   auto token  = stead::make_negotiate_token(**ticket);
//
// Callers without a coroutine use any completion token of Asio:
//
//   std::future<stead::Outcome<stead::Identity>> alice =
//       boost::asio::co_spawn(io, client->user("alice"), boost::asio::use_future);
//
// Threads. Pass any executor; unless it is a strand already, the Client makes a strand of it. A server that runs one
// io_context for each core opens one Client for each. Every function may be called from any thread and awaited on any
// executor; the coroutine resumes on the caller's executor. A cached result is returned without a change of thread. No
// function blocks, unless its comment says so.
//
// Lifetime. Hold the Client until all calls have ended: a call does not keep it alive. Work that runs in the background
// (a refresh, an exchange whose callers have left) keeps alive what it uses, so that it may go on, and call on_step and
// on_event, after the last reference to the Client is gone. It ends with its exchange, by request_deadline as a rule,
// or with the io_context. The io_context of the Client and those of its callers must outlive the calls. After fork()
// the child must not use the parent's Client; it opens another.
//
// Asio is compiled into the application and into the library: both need the same version of Boost. stead/result.h makes
// another version a compile error.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stead/locator.h"
#include "stead/result.h"

namespace stead {
inline namespace [[gnu::visibility("default")]] v0 {

// One exchange with a DC, or one search for a DC. `stead s4u --json` prints the same words.
struct TraceStep {
  int step = 0;          // counts from 1
  std::string exchange;  // "AS", "TGS", "S4U2Self", "S4U2Proxy", "locate"
  std::string realm;
  std::string controller;  // DNS name of the DC; empty: unknown
  std::string address;     // "127.0.8.1:8088"
  std::string level;       // "unknown", "2003", "2008", "2012", "2012R2", "2016"
  std::string answer;      // "ticket", "referral to REALM", "KDC_ERR_BADOPTION" and the like, "timeout", "rejected" (a
                           // malformed or wrong reply); of a search "found" or "none"
  std::string status;      // symbol of the NTSTATUS in the KRB-ERROR; empty: none
  double milliseconds = 0;
  std::string detail;  // what was asked for, to be read by a person: "HTTP/backend… for alice"
};

// Why a request was refused, for an administrator. The codes are stable; `stead err CODE` explains each.
//
//   service_not_trusted_for_transition  the S4U2Self ticket is not forwardable: the front end lacks TrustedToAuthForDelegation
//   spn_not_in_kcd_list                 a DC before 2012: the front end's msDS-AllowedToDelegateTo does not list the SPN
//   rbcd_denied_on_target               a DC of 2012 or later: neither that list nor the back end's account permits the delegation
//   rbcd_not_supported_by_dc            the KDC does not support resource-based delegation, or an option of the request
//   cross_realm_needs_rbcd              the back end is in another domain: only resource-based delegation works there
//   no_2012_dc_found                    the delegation needs a DC of 2012 or later, and all of a domain on the path are older
//   user_is_sensitive                   the user may not be delegated: "sensitive", or a member of Protected Users
//   user_account_refused                the user is unknown, disabled, locked, outside their logon hours, …, or this service itself
//   evidence_not_forwardable_config     the ticket that the user presented is not forwardable
//   foreign_user_needs_trust            no trust leads the user, or the front end, to the back end's domain
//   selective_authentication            the trust requires "Allowed to Authenticate" on the target
//   spn_unknown                         no account has the SPN (the back end's, or the front end's own)
//   spn_duplicate                       more than one account has the SPN
//   clock_skew                          the clocks differ by more than Kerberos allows, and a correction did not help
//   etype_mismatch                      no encryption type in common
//   keytab_kvno_old                     the keytab's key is no longer the account's
//   dc_unreachable                      no DC of a realm on the path answers, or none that may be of the level it takes
//   tgt_expired                         a ticket on the path has expired
//   pac_rejected                        a DC rejects a ticket or the PAC in it
struct Diagnosis {
  std::string code;              // one of those above
  std::string summary;           // one or two sentences for an administrator
  std::vector<std::string> fix;  // commands for a directory administrator (PowerShell, setspn, …)
};

struct Trace {
  std::string client;   // "alice@REALM"
  std::string service;  // "HTTP/host@REALM"; without the realm if it is not known
  bool granted = false;
  std::string end_time;  // RFC 3339 UTC; empty: not granted
  std::vector<TraceStep> steps;
  std::optional<Diagnosis> diagnosis;
};
[[nodiscard]] std::string to_json(const Trace& trace);
// Fails with bad_value for text that to_json() does not produce.
[[nodiscard]] Result<Trace> trace_from_json(std::string_view json);
// The trace as text for a person, in lines of at most 100 columns: the purpose, the DC and the answer of each step.
[[nodiscard]] std::string explain(const Trace& trace);

// Why a call failed.
enum class FailureKind {
  refused,      // a KDC refused, or no DC of the required level was found
  unreachable,  // no KDC answered in time
  rejected,     // the client rejected an answer: malformed, a wrong name, a bad checksum
  unusable,     // nothing was sent: a name, the keytab or an option does not permit the call
  cancelled,    // by the caller
};
struct Failure {
  FailureKind kind = FailureKind::refused;
  Error error;  // category "krb" (value(): the code of RFC 4120 §7.5.9), "wire" (malformed bytes), "libkrb5", or Asio's
  std::uint32_t nt_status = 0;  // of the KRB-ERROR's e-data; 0: none
  std::string text;             // one line for a log
  Trace trace;                  // the steps up to the failure, with the diagnosis
  // The part of the path that failed: "own_tgt", "password", "user_realm", "user_tgt", "s4u2self", "s4u2proxy",
  // "own_referral", "proxy_referral", "target", "as_user"; empty: nothing was sent. SHIM_ERROR_DETAIL::Stage of
  // stead/sspi.h has other words: the exchange of the last step.
  std::string stage{};
  std::string realm{};  // whose KDC was asked last
  // The DC whose answer ended the call: DNS name, "address:port", level as in TraceStep. Empty unless a DC sent the
  // refusal or the rejected answer.
  std::string controller{};
  std::string address{};
  std::string level{};
  // True if the cause may pass without an administrator: no answer, a bad answer, no DC of the level. Repeat the call
  // after `cacheable_for`; before that, the client gives the same failure again.
  bool retryable = false;
  // How long the client repeats this failure for the same call without asking a KDC; 0: the next call asks.
  std::chrono::milliseconds cacheable_for{0};
};
// The result of a call: a T, or why there is none. error() returns a copy, so bind it to a value and not to a
// reference: `const stead::Failure why = ticket.error();`
template <class T>
using Outcome = boost::system::result<T, Failure>;
// The SECURITY_STATUS that the functions of stead/sspi.h return for it (SEC_E_DELEGATION_POLICY, …).
[[nodiscard]] std::int32_t security_status(const Failure& failure);

// What happens in a client, for logs and audit. An event contains no key and no byte of a ticket.
enum class EventKind {
  request,       // is about to be sent: `step` has exchange, realm and detail
  reply,         // a ticket or a referral came: `step` is complete
  refusal,       // an error, a rejected answer, or no answer: `step` is complete
  relocation,    // the client goes to another DC (`taken`) because `left` refused with `reason`. Without `left`: the
                 // request needs a DC of a certain level from the start. `step` is the search
  cache_hit,     // the ticket or the evidence was in the cache
  cache_miss,    // the ticket or the evidence was not in the cache: an exchange begins
  cache_join,    // the ticket or the evidence was not in the cache: the call joins another caller's exchange
  negative_hit,  // the call got a remembered refusal, whose text is `reason`
  controller_health,  // the state of the DC `taken` has changed to `reason`: "silent", "paused" or "alive"
};
struct EventController {
  std::string name;     // DNS name; empty: none, or unknown
  std::string address;  // "127.0.8.1:8088"
  std::string level;    // as in TraceStep
};
struct Event {
  EventKind kind{};
  std::string user;     // on whose behalf: as the caller named them, canonical once known; empty: no user
  std::string service;  // SPN; empty: no service is involved yet
  TraceStep step;
  std::string reason;
  EventController left, taken;
};
// One line for a log: "relocation alice@ROOT… -> HTTP/backend…: dc08… (2008) said KDC_ERR_POLICY, dc12… (2012) is
// asked".
[[nodiscard]] std::string to_text(const Event& event);

// How S4U2Self names the user.
enum class PaForUserUse {
  // By PA-S4U-X509-USER and PA-FOR-USER together. A reply without PA-S4U-X509-USER, as from a KDC that does not know it
  // (Samba, 2003), is accepted only if the ticket itself, which our key opens, names the user who was asked for: by
  // their account, or by the UPN in its PAC.
  automatic,
  // By PA-FOR-USER alone. Warning: for a UPN the client accepts whatever user the KDC names, and does not check that
  // the UPN is theirs.
  always,
  // By PA-S4U-X509-USER alone: a KDC that does not know it is refused.
  never,
};

struct ClientOptions {
  std::string principal{};  // "HTTP/frontend.root.fabrikam.com@ROOT.FABRIKAM.COM"
  std::string keytab{};     // path
  LocatorOptions locator{};
  bool allow_rc4 = false;  // use RC4 keys and accept RC4 tickets
  PaForUserUse pa_for_user = PaForUserUse::automatic;
  // Across realms, also request a ticket to the target as this service, as Windows does. false: the client does so only
  // if the host name of the SPN does not say that the target is in the realm of the referral.
  bool own_service_ticket = false;
  std::chrono::milliseconds kdc_timeout{2000};        // before the next DC of the realm is asked
  std::chrono::milliseconds request_deadline{15000};  // for a whole call
  std::size_t cache_entries = 100000;                 // limit of the tickets, of the evidence and of the refusals, each
  std::size_t cache_bytes = std::size_t{256} << 20;   // limit of the tickets and of the evidence, each
  // An identity by S4U2Self and a ticket are used for at most this long before a KDC is asked again, so that a user who
  // is disabled, or may no longer be delegated, is out by then. 0: no such limit, they are used until two minutes
  // before their end, and such a user stays in as long. One that is used after four fifths of its time in the cache
  // (the shorter of the two limits) is requested again in the background, and dropped at once if a KDC then refuses.
  std::chrono::seconds ticket_life{15 * 60};
  std::vector<std::string> uncached_services{};  // SPNs without realm whose tickets are never cached
  // A refusal by the directory's policy is remembered for this long to twice as long (chosen at random). An unknown
  // user or service: as long, and for 30 to 60 s at most. No answer, or a bad answer: 1 to 3 s. No DC of the required
  // level: 2 to 5 s. Failures of kind `unusable` and `cancelled`: not at all.
  std::chrono::seconds refusal_life{60};
  // Called for each step as it ends, on the Client's executor. The rules of on_event hold for it too.
  std::function<void(const TraceStep&)> on_step{};
  // Called for each event: cache_* and negative_hit on the caller's thread, all others on the Client's executor. May be
  // called from several threads at once. Must not block and must not throw: the call that it interrupts would fail. It
  // may start calls of the Client, and must not wait for them.
  std::function<void(const Event&)> on_event{};
  // Permits Client::proxy_credential. A proxy credential lets its reader act as this service, for every user.
  bool allow_proxy_credentials = false;
  // true: after the first answer of a DC, wait up to 300 ms for its answer to a ping, so that the trace has its level.
  bool learn_levels = false;
};

// A principal to act for. Cheap to copy; any thread may use it. It holds evidence (a ticket) whose keys are wiped with
// the last copy.
class Identity {
 public:
  struct State;
  // An empty identity: no name, no evidence. Completion handlers get one if a coroutine threw. Calls that are made with
  // it fail (unusable).
  Identity();
  explicit Identity(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  [[nodiscard]] std::string principal() const;  // "alice@ROOT.FABRIKAM.COM"
  [[nodiscard]] bool by_s4u2self() const;       // false: the user presented a ticket or has a TGT of their own
  [[nodiscard]] std::chrono::sys_seconds end_time() const;  // of the evidence
  // How the evidence was obtained. The reference is valid as long as a copy of this Identity exists.
  [[nodiscard]] const Trace& trace() const;
  [[nodiscard]] const State& state() const { return *state_; }

 private:
  std::shared_ptr<const State> state_;
};

// A service ticket in the user's name. It never changes: several threads may use it at once. Its session key is wiped
// with it. trace() is valid as long as the ticket exists.
class ServiceTicket {
 public:
  virtual ~ServiceTicket() = default;
  [[nodiscard]] virtual std::string client() const = 0;   // "alice@REALM"
  [[nodiscard]] virtual std::string service() const = 0;  // "HTTP/host@REALM"
  [[nodiscard]] virtual std::chrono::sys_seconds end_time() const = 0;
  [[nodiscard]] virtual const Trace& trace() const = 0;
};
using TicketPtr = std::shared_ptr<const ServiceTicket>;

// A Negotiate token (SPNEGO NegTokenInit with an AP-REQ), and what verifies the AP-REP that answers it.
struct NegotiateToken {
  std::vector<std::uint8_t> token;
  // Opaque, for verify_negotiate_reply; empty unless `mutual`. It contains the ticket's session key, and this type does
  // not wipe it: the caller does, after verify_negotiate_reply, and never logs it.
  std::vector<std::uint8_t> reply_state;
};
// Each call makes a new authenticator: use a token once. `channel_bindings`: the application data of RFC 5929, which is
// "tls-server-end-point:" followed by the hash of the server's certificate; empty: the token is bound to no channel.
// `mutual`: request an AP-REP.
[[nodiscard]] Result<NegotiateToken> make_negotiate_token(const ServiceTicket& ticket,
                                                          std::span<const std::uint8_t> channel_bindings = {},
                                                          bool mutual = true);
// `reply`: what follows "Negotiate " in WWW-Authenticate, base64-decoded. Fails unless the service has proved that it
// holds the ticket's key: with the code of its KRB-ERROR or KRB_AP_ERR_MUT_FAIL (category "krb"), with a "wire" error
// for a malformed reply or a wrong key, with invalid_argument if the token was made without `mutual`.
[[nodiscard]] Result<void> verify_negotiate_reply(const NegotiateToken& sent, std::span<const std::uint8_t> reply);

// Writes an MIT ccache with the user as default principal and this ticket alone. `path`: a file ("/path",
// "FILE:/path"), which is written with mode 0600 and renamed into place, or another name that libkrb5 can write to
// ("MEMORY:name", "KEYRING:...", "DIR:..."). An existing ccache of that name is replaced. Fails with invalid_argument
// if `path` is empty or the ticket is a TGT, with a system error for a file, with a "libkrb5" error else. Blocks.
[[nodiscard]] Result<void> export_ccache(const ServiceTicket& ticket, const std::string& path);

// MIT's proxy credential: a user's evidence with *our own TGT*. MIT's libraries run S4U2Proxy with it, to each service
// that this account may delegate to. Whoever reads it can act as this service, for every user. Its keys are wiped with
// it.
class ProxyCredential {
 public:
  virtual ~ProxyCredential() = default;
  [[nodiscard]] virtual std::string client() const = 0;        // "alice@REALM"
  [[nodiscard]] virtual std::string impersonator() const = 0;  // this service
  [[nodiscard]] virtual std::chrono::sys_seconds end_time() const = 0;
};
using ProxyCredentialPtr = std::shared_ptr<const ProxyCredential>;
// As the other export_ccache; the ccache has the configuration entry proxy_impersonator. GSSAPI takes it as default
// credentials or from a credential store. Blocks.
[[nodiscard]] Result<void> export_ccache(const ProxyCredential& credential, const std::string& path);

// Counts since the client was opened. as_exchanges to s4u2proxy_exchanges: requests to KDCs, repeated ones included;
// pings: CLDAP pings. cache_hits: calls answered from memory, by remembered refusals too; cache_misses: calls that
// began a fetch; cache_joins: calls that waited for the fetch of another; refreshes: fetches in the background.
// refusals: fetches and password checks that failed. timeouts: requests that no DC answered.
struct Statistics {
  std::uint64_t as_exchanges = 0, tgs_exchanges = 0, s4u2self_exchanges = 0, s4u2proxy_exchanges = 0, pings = 0,
                cache_hits = 0, cache_joins = 0, cache_misses = 0, refreshes = 0, refusals = 0, timeouts = 0;
};

// A cache entry, without its secrets.
struct CachedTicket {
  std::string client;     // "alice@REALM"
  std::string service;    // "HTTP/host@REALM"; for evidence: this service
  bool evidence = false;  // obtained by S4U2Self
  std::chrono::sys_seconds end_time{};
};
struct CacheView {
  std::size_t tickets = 0, evidence = 0, refusals = 0;  // entries
  std::size_t bytes = 0;                                // of tickets and evidence, approximately
  std::vector<CachedTicket> kept;                       // the entries of one user
};

// What the caller knows of a certificate's owner besides the certificate: the mapping hints of MS-SFU §2.2.2, the
// members of KERB_CERTIFICATE_S4U_LOGON.
struct CertificateHints {
  // A UPN, "alice" or "DOMAIN\\alice": selects one of the accounts that the certificate is mapped to. It goes to the
  // KDC with the certificate, and the KDC must check that the certificate belongs to that account (MS-PKCA §3.1.5.2.1),
  // else it refuses with KDC_ERR_CLIENT_NAME_MISMATCH. MIT's KDC leaves that check to its database module: do not use
  // the hint with one that looks at the name alone, since the caller could then name any account. Empty: the
  // certificate alone decides.
  std::string name{};
  std::string domain{};  // DNS or NetBIOS name of the domain whose KDCs are asked first for the owner; empty: ours
  bool unique = false;   // refuse a certificate that is mapped to several accounts, even if `name` is given

  // Constructors, since g++ 12 destroys a braced temporary of an aggregate twice in a co_await expression.
  CertificateHints() = default;
  explicit CertificateHints(std::string account, std::string of_domain = std::string(), bool must_be_unique = false)
      : name(std::move(account)), domain(std::move(of_domain)), unique(must_be_unique) {}
};

struct TicketOptions {
  // How long this caller waits; 0 or negative: as long as request_deadline. At its end the call fails (unreachable,
  // Asio's timed_out, retryable); the exchange goes on for other callers and for the cache.
  std::chrono::milliseconds deadline{0};
  bool past_refusal = false;  // as ticket_past_refusal
};

class Client {
 public:
  template <class T>
  using Awaitable = boost::asio::awaitable<T>;

  // Reads the keytab: blocks, so call it at start. Fails if the keytab cannot be read or has no usable key of the
  // principal; `what` then says why in one line.
  static Result<std::shared_ptr<Client>> open(boost::asio::any_io_executor executor, ClientOptions options,
                                              std::string& what);
  virtual ~Client() = default;

  // S4U2Self. `name`: "alice" (our own realm), "alice@SUFFIX" (a UPN; if no KDC knows it, alice of the realm SUFFIX),
  // or "DOMAIN\\alice" (a NetBIOS name). Asks the KDCs of our realm, of realms in `locator`, and of those that our KDC
  // names. Cached for ClientOptions::ticket_life; refusals are remembered as for ticket_for.
  virtual Awaitable<Outcome<Identity>> user(std::string name) = 0;
  // S4U2Self by certificate. The caller must have verified its chain and that the peer holds its key (TLS): this call
  // does not. Refused with KDC_ERR_PRINCIPAL_NOT_UNIQUE if it is mapped to several accounts and no hint selects one.
  virtual Awaitable<Outcome<Identity>> user_by_certificate(std::vector<std::uint8_t> der,
                                                           CertificateHints hints = CertificateHints()) = 0;
  // As user(), or as user_by_certificate() if a certificate is given. The KDC refuses an account that may not sign in
  // at this hour (MS-SFU §2.2.2). Never cached.
  virtual Awaitable<Outcome<Identity>> user_within_logon_hours(std::string name,
                                                               std::vector<std::uint8_t> certificate = {},
                                                               CertificateHints hints = CertificateHints()) = 0;
  // An identity with a ticket that a user presented as evidence: the DER Ticket of an AP-REQ that an acceptor has
  // verified (stead/acceptor.h). Sends nothing. Fails with an integrity error (category "wire") if no key of the keytab
  // opens the ticket; before that it reads the keytab again, which blocks, at most once a second.
  virtual Result<Identity> from_ticket(std::vector<std::uint8_t> ticket_der) = 0;
  // An identity with the TGT that a user forwarded (unconstrained delegation): the DER AP-REQ that an acceptor has
  // verified. ticket_for() then asks with that TGT, as the user, and never by S4U. Sends nothing. Refused if there is
  // no TGT or it may not be used; the text says which.
  virtual Outcome<Identity> from_forwarded_tgt(std::vector<std::uint8_t> ap_req_der) = 0;
  // Checks a password with an AS exchange, and verifies the KDC by a ticket to this service, which the keytab must
  // open. Returns the user's canonical principal. Never cached. The client wipes the string that it was given; a copy
  // that the caller keeps is not wiped, so move the password, and wipe a short one after the move too.
  virtual Awaitable<Outcome<std::string>> check_password(std::string name, std::string password) = 0;
  // As check_password. `address`: where the password came from, any text that is the same for the same sender. To
  // derive a key from a password takes CPU time; addresses take turns, so that one that sends many does not delay the
  // others.
  virtual Awaitable<Outcome<std::string>> check_password_from(std::string address, std::string name,
                                                              std::string password) {
    static_cast<void>(address);
    return check_password(std::move(name), std::move(password));
  }
  // As check_password. Returns an identity that holds the user's TGT: ticket_for() asks with it, without delegation.
  // Nothing renews the TGT, whatever ticket_life is: after end_time() ticket_for() fails, and the user has to sign in
  // again.
  virtual Awaitable<Outcome<Identity>> user_by_password(std::string name, std::string password) = 0;
  // This service itself, with its own TGT, until end_time(): then call this again. Fails if the keytab's key or the
  // account is not valid.
  virtual Awaitable<Outcome<Identity>> self() = 0;

  // A ticket to `spn` ("HTTP/host" or "HTTP/host@REALM") in the identity's name: by S4U2Proxy, across realms by
  // referral. Callers that want the same ticket share one exchange. Tickets are cached as ClientOptions::ticket_life
  // says, refusals remembered as ClientOptions::refusal_life says. Cancelling a caller ends that caller's wait and not
  // the exchange.
  virtual Awaitable<Outcome<TicketPtr>> ticket_for(Identity identity, std::string spn) = 0;
  // As ticket_for, but asks a KDC although a refusal is remembered, to see whether the cause was repaired. Permitted to
  // one caller in each refusal's life; the others get the refusal.
  virtual Awaitable<Outcome<TicketPtr>> ticket_past_refusal(Identity identity, std::string spn) {
    return ticket_for(std::move(identity), std::move(spn));
  }
  // user() and ticket_for() in one call.
  virtual Awaitable<Outcome<TicketPtr>> ticket_for_user(std::string name, std::string spn) = 0;
  // As ticket_for or ticket_past_refusal, with a deadline for this caller.
  Awaitable<Outcome<TicketPtr>> ticket_for(Identity identity, std::string spn, TicketOptions options);
  // ticket_for and make_negotiate_token.
  Awaitable<Outcome<NegotiateToken>> token_for(Identity identity, std::string spn,
                                               std::vector<std::uint8_t> channel_bindings = {},
                                               TicketOptions options = {});
  // MIT's proxy credential of a user. Fails (unusable) unless ClientOptions::allow_proxy_credentials is set.
  virtual Awaitable<Outcome<ProxyCredentialPtr>> proxy_credential(Identity identity) = 0;

  // A DC of `realm` of at least this level, the one that a request would go to. `level`: "2003", "2008", "2008R2",
  // "2012", "2012R2", "2016", "2019" or "2022" (the last two mean 2016, since a DC does not tell more); "": any.
  // Another word: unusable. Fails as refused if DCs answer and none is of that level, as unreachable if none is found
  // or none answers. For a realm behind a KDC proxy the result is the proxy, of level "unknown".
  virtual Awaitable<Outcome<LocatedController>> locate(std::string realm, std::string level) = 0;
  // As DsGetDcName. A KDC that answers no ping satisfies no requirement.
  virtual Awaitable<Outcome<LocatedController>> find_controller(std::string realm,
                                                                ControllerRequirements requirements) = 0;
  // Drops and wipes the cached tickets, evidence and refusals of this user, at sign-out. `principal`: as
  // Identity::principal() has it ("alice@ROOT.FABRIKAM.COM", in any case of letters); a UPN or DOMAIN\\alice finds
  // nothing. Exchanges that are running still answer their callers; their results are not cached.
  virtual void forget_user(std::string_view principal) = 0;
  [[nodiscard]] virtual Statistics statistics() const = 0;
  // `user`: whose entries are listed ("alice@REALM"); empty: only the totals.
  [[nodiscard]] virtual CacheView cache_view(std::string_view user = {}) const = 0;
};

}  // namespace v0
}  // namespace stead
