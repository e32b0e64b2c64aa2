#pragma once
// Tickets on a user's behalf: S4U2Self, S4U2Proxy and resource-based delegation across domains and forests (MS-SFU), with the
// trace of what was asked of which DC and, for a refusal, its diagnosis.
//
//   std::string what;                                                     // why open() failed, in one line
//   auto client = stead::Client::open(io.get_executor(), options, what);  // options: by hand, or read_client_config (stead/client_config.h)
//   auto alice  = co_await (*client)->user("alice@root.fabrikam.com");
//   auto ticket = co_await (*client)->ticket_for(*alice, "HTTP/backend.corp.contoso.com");
//   auto token  = stead::make_negotiate_token(**ticket);
//
// Or without a coroutine of one's own, by whatever completion token:
//
//   std::future<stead::Outcome<stead::Identity>> alice = boost::asio::co_spawn(io, client->user("alice"), boost::asio::use_future);
//
// A Client works on one executor, which runs one thing at a time (an io_context that one thread runs, or a strand; a server has one for
// each core). It may be called from any thread and awaited on any executor: what is cached is given on the spot, for the rest the caller
// waits where he is. Nothing in it blocks. The contexts whose coroutines wait outlive their waiting. Asio is in the application and in the
// library: both are compiled with the same Boost.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
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

// One exchange with a DC, or one search for a DC. The words are those of `stead s4u --json`.
struct TraceStep {
  int step = 0;          // counts from 1
  std::string exchange;  // "AS", "TGS", "S4U2Self", "S4U2Proxy", "locate"
  std::string realm;
  std::string controller;  // full name; empty: unknown
  std::string address;     // "127.0.8.1:8088"
  std::string level;       // "unknown", "2003", "2008", "2012", "2012R2", "2016"
  std::string answer;      // "ticket", "referral to REALM", an error's symbol, "timeout", "found", "none"
  std::string status;      // NTSTATUS symbol; empty: none
  double milliseconds = 0;
  std::string detail;  // what was asked, for a person: "HTTP/backend… for alice"
};

// Why a request was refused, as an administrator sees it. Its codes stay what they are:
//
//   service_not_trusted_for_transition  the front end may not change protocols (TrustedToAuthForDelegation), and evidence by S4U2Self is
//                                       not forwardable without
//   spn_not_in_kcd_list                 a DC before 2012: msDS-AllowedToDelegateTo of the front end does not list the SPN
//   rbcd_denied_on_target               a later one: neither that list nor the back end's PrincipalsAllowedToDelegateToAccount allows it
//   rbcd_not_supported_by_dc            the KDC knows no resource-based delegation, or not what is asked of it
//   cross_realm_needs_rbcd              the back end is in another domain, where only resource-based delegation reaches
//   no_2012_dc_found                    that takes a DC of 2012 or later on the way, and a domain has none that answers
//   user_is_sensitive                   the user may not be delegated: marked sensitive, or in Protected Users
//   user_account_refused                the user is unknown, disabled, locked, outside his hours, …; or no user at all
//   evidence_not_forwardable_config     the user's own ticket is not forwardable
//   foreign_user_needs_trust            no trust carries the user, or the front end, to where the back end is
//   selective_authentication            the trust wants "Allowed to Authenticate" on the target
//   spn_unknown                         nobody has the SPN (of the back end, or of the front end itself)
//   spn_duplicate                       more than one account has it
//   clock_skew                          the clocks differ by more than is allowed, and correcting did not help
//   etype_mismatch                      no encryption type in common
//   keytab_kvno_old                     the keytab's key is not the account's any more
//   dc_unreachable                      no DC of a realm on the way answers
//   tgt_expired                         a ticket on the way has ended
//   pac_rejected                        a ticket, or the PAC in it, does not hold at a DC
struct Diagnosis {
  std::string code;              // one of these
  std::string summary;           // one or two sentences for an administrator
  std::vector<std::string> fix;  // directory commands, ready to paste
};

struct Trace {
  std::string client;   // "alice@REALM"
  std::string service;  // "HTTP/host@REALM"; without realm where it was not learned
  bool granted = false;
  std::string end_time;  // RFC 3339 UTC; empty: not granted
  std::vector<TraceStep> steps;
  std::optional<Diagnosis> diagnosis;
};
[[nodiscard]] std::string to_json(const Trace& trace);
[[nodiscard]] Result<Trace> trace_from_json(std::string_view json);
// The ten steps for a person, at most 100 columns.
[[nodiscard]] std::string explain(const Trace& trace);

// Why a call gave nothing.
enum class FailureKind {
  refused,      // a KDC said no, or no DC of the level needed was found
  unreachable,  // nobody answered
  rejected,     // an answer that does not hold (wrong name, bad checksum): never used
  unusable,     // own configuration: keytab, names
  cancelled,
};
struct Failure {
  FailureKind kind = FailureKind::refused;
  Error error;  // of category().name() "krb" (value(): RFC 4120's code), "wire", "libkrb5", or one of Asio's
  std::uint32_t nt_status = 0;  // 0: none
  std::string text;             // one line
  Trace trace;                  // with diagnosis; its steps are the attempts
  // Which part of the way it was: "own_tgt", "password", "user_realm", "user_tgt", "s4u2self", "s4u2proxy", "own_referral",
  // "proxy_referral", "target", "as_user"; empty: nothing was asked. Whose KDC was asked there, and the DC that refused; empty: none did.
  std::string stage{};
  std::string realm{};
  std::string controller{};  // full name
  std::string address{};     // "127.0.8.1:8088"
  std::string level{};       // as TraceStep has it
  bool retryable = false;    // the same call may succeed soon though nobody has changed anything
  std::chrono::milliseconds cacheable_for{
      0};  // so long the client gives this answer to the same call without asking anew; 0: not at all
};
// error() gives a copy of it, which must be kept: `const stead::Failure why = ticket.error();`
template <class T>
using Outcome = boost::system::result<T, Failure>;
// As the SECURITY_STATUS that the functions of stead/sspi.h give (SEC_E_DELEGATION_POLICY, …).
[[nodiscard]] std::int32_t security_status(const Failure& failure);

// What happens in a client, for logs and audit. No key and no byte of a ticket is in it.
enum class EventKind {
  request,     // is about to be sent: `step` has exchange, realm and detail
  reply,       // a ticket or a referral: `step` is whole
  refusal,     // an error, an answer that does not hold, or nobody answered: `step` is whole
  relocation,  // a DC's refusal (`reason`) was left for another DC: `left` and `taken`; `step` is the search. Without `left`: none was asked before
  cache_hit,   // a ticket or evidence was there
  cache_miss,  // was not: an exchange begins
  cache_join,  // was not, and somebody is asking already
  negative_hit,       // the refusal that is remembered was given: `reason`
  controller_health,  // a DC (`taken`) is from now on "silent", "paused" or "alive": `reason`
};
struct EventController {
  std::string name;     // full name; empty: none, or unknown
  std::string address;  // "127.0.8.1:8088"
  std::string level;    // as TraceStep has it
};
struct Event {
  EventKind kind{};
  std::string user;     // for whom: as he was named, canonical once that is known; empty: nobody in particular
  std::string service;  // SPN; empty: none, or not that far
  TraceStep step;
  std::string reason;
  EventController left, taken;
};
// One line, for a log: "relocation alice@ROOT… -> HTTP/backend…: dc08… (2008) said KDC_ERR_POLICY, dc12… (2012) is asked".
[[nodiscard]] std::string to_text(const Event& event);

struct ClientOptions {
  std::string principal{};  // "HTTP/frontend.root.fabrikam.com@ROOT.FABRIKAM.COM"
  std::string keytab{};     // path
  LocatorOptions locator{};
  bool allow_rc4 = false;
  bool pa_for_user = false;                           // PA-FOR-USER for KDCs whose reply lacks PA-S4U-X509-USER
  bool own_service_ticket = false;                    // also run steps 5 and 6 (what Windows sends)
  std::chrono::milliseconds kdc_timeout{2000};        // before the next DC of the realm is asked
  std::chrono::milliseconds request_deadline{15000};  // for a whole call
  // What is kept: tickets, evidence and refusals, this many of each at the most; and of the tickets and of the evidence so many bytes.
  std::size_t cache_entries = 100000;
  std::size_t cache_bytes = std::size_t{256} << 20;
  std::chrono::seconds ticket_life{
      0};  // a ticket is kept no longer than this, its own end and its evidence's; 0: no such limit
  std::vector<std::string> uncached_services{};  // SPNs without realm whose tickets are not kept at all
  // A refusal by the directory's policy is remembered for this long, to twice as long; one for an unknown name for no more than half a
  // minute to a minute, what may mend itself (silence, no DC of the level) for seconds.
  std::chrono::seconds refusal_life{60};
  std::function<void(const TraceStep&)> on_step{};  // each step as it happens
  // Each event as it happens, on the thread where it does: it must not block, and may be called from several threads at once.
  std::function<void(const Event&)> on_event{};
  // MIT's proxy credential may be written (Client::proxy_credential): whoever reads it can act as this service, for every user.
  bool allow_proxy_credentials = false;
  bool learn_levels = false;  // wait briefly for the ping of each DC that answered, so that the trace has its level
};

// Somebody to act for. Cheap to copy; holds evidence (a ticket) that is wiped with the last copy.
class Identity {
 public:
  struct State;
  Identity();  // nobody, as completion handlers are given where a coroutine threw: no name, no evidence, and no ticket is had for it (unusable)
  explicit Identity(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  [[nodiscard]] std::string principal() const;  // "alice@ROOT.FABRIKAM.COM"
  [[nodiscard]] bool by_s4u2self() const;       // false: the user's own ticket is the evidence
  [[nodiscard]] std::chrono::sys_seconds end_time() const;
  [[nodiscard]] const Trace& trace() const;  // how it was come by
  [[nodiscard]] const State& state() const { return *state_; }

 private:
  std::shared_ptr<const State> state_;
};

// A service ticket in the user's name. Wiped when it goes.
class ServiceTicket {
 public:
  virtual ~ServiceTicket() = default;
  [[nodiscard]] virtual std::string client() const = 0;   // "alice@REALM"
  [[nodiscard]] virtual std::string service() const = 0;  // "HTTP/host@REALM"
  [[nodiscard]] virtual std::chrono::sys_seconds end_time() const = 0;
  [[nodiscard]] virtual const Trace& trace() const = 0;
};
using TicketPtr = std::shared_ptr<const ServiceTicket>;

// A Negotiate token (SPNEGO NegTokenInit with an AP-REQ) and what is needed to check the AP-REP that answers it.
struct NegotiateToken {
  std::vector<std::uint8_t> token;
  std::vector<std::uint8_t> reply_state;  // opaque, secret; for verify_negotiate_reply
};
// channel_bindings: application data, "tls-server-end-point:" and the hash; empty: none.
[[nodiscard]] Result<NegotiateToken> make_negotiate_token(const ServiceTicket& ticket,
                                                          std::span<const std::uint8_t> channel_bindings = {},
                                                          bool mutual = true);
// `reply`: what came after "Negotiate " in WWW-Authenticate, decoded. Fails unless the service proved to hold the ticket's key.
[[nodiscard]] Result<void> verify_negotiate_reply(const NegotiateToken& sent, std::span<const std::uint8_t> reply);

// Writes an MIT ccache with the user as default principal and this ticket alone, 0600, renamed into place. `path`: a
// file, or TYPE:rest. Blocks.
[[nodiscard]] Result<void> export_ccache(const ServiceTicket& ticket, const std::string& path);

// The other form that MIT's libraries know: a user's evidence with *our own TGT*, by which they run S4U2Proxy themselves, for any service
// that this account may delegate to. Whoever reads it can act as this service. Wiped when it goes.
class ProxyCredential {
 public:
  virtual ~ProxyCredential() = default;
  [[nodiscard]] virtual std::string client() const = 0;        // "alice@REALM"
  [[nodiscard]] virtual std::string impersonator() const = 0;  // ourselves
  [[nodiscard]] virtual std::chrono::sys_seconds end_time() const = 0;
};
using ProxyCredentialPtr = std::shared_ptr<const ProxyCredential>;
// As the other export_ccache; the ccache has the config entry proxy_impersonator. GSSAPI takes it as default credentials or by a store.
[[nodiscard]] Result<void> export_ccache(const ProxyCredential& credential, const std::string& path);

struct Statistics {
  std::uint64_t as_exchanges = 0, tgs_exchanges = 0, s4u2self_exchanges = 0, s4u2proxy_exchanges = 0, pings = 0,
                cache_hits = 0, cache_joins = 0, cache_misses = 0, refreshes = 0, refusals = 0, timeouts = 0;
};

// What is kept, without its secrets.
struct CachedTicket {
  std::string client;   // "alice@REALM"
  std::string service;  // "HTTP/host@REALM"; of evidence by S4U2Self: ourselves
  bool evidence = false;
  std::chrono::sys_seconds end_time{};
};
struct CacheView {
  std::size_t tickets = 0, evidence = 0, refusals = 0;  // entries
  std::size_t bytes = 0;                                // of tickets and evidence, about
  std::vector<CachedTicket> kept;                       // those of the user asked for
};

// What is known of a certificate's owner besides the certificate (MS-SFU 2.2.2: mapping hints; the members of KERB_CERTIFICATE_S4U_LOGON).
struct CertificateHints {
  // His UPN, "alice" or "DOMAIN\\alice": which account is meant where the certificate is mapped to several. It goes to the KDC with the
  // certificate, and the KDC must find that the certificate is that account's (MS-PKCA 3.1.5.2.1), else it refuses: KDC_ERR_CLIENT_NAME_MISMATCH.
  // MIT's leaves that to its database module; one that looked at the name alone would let whoever chose the name be anybody. Empty: the
  // certificate alone says.
  std::string name{};
  std::string domain{};  // DNS's name or the flat one: its KDCs are asked first whose the certificate is; empty: ours
  bool unique = false;   // refused where the certificate is mapped to several, although a name is given

  // g++ 12 destroys an aggregate's braced temporary twice where it stands in a co_await expression.
  CertificateHints() = default;
  explicit CertificateHints(std::string account, std::string of_domain = std::string(), bool must_be_unique = false)
      : name(std::move(account)), domain(std::move(of_domain)), unique(must_be_unique) {}
};

struct TicketOptions {
  std::chrono::milliseconds deadline{0};  // for this caller's waiting; 0: request_deadline. What he waited for goes on.
  bool past_refusal = false;              // as ticket_past_refusal
};

class Client {
 public:
  template <class T>
  using Awaitable = boost::asio::awaitable<T>;

  // Reads the keytab (blocking; at start). Fails where the keytab or the principal in it is missing; `what` says so in one line.
  static Result<std::shared_ptr<Client>> open(boost::asio::any_io_executor executor, ClientOptions options,
                                              std::string& what);
  virtual ~Client() = default;

  // S4U2Self. `name`: "alice" (the own realm), "alice@SUFFIX" (a UPN, then alice of realm SUFFIX), "DOMAIN\\alice".
  virtual Awaitable<Outcome<Identity>> user(std::string name) = 0;
  // The certificate is not verified here: its chain, and that whoever sent it has its key, the caller has seen (TLS). Refused among others:
  // KDC_ERR_PRINCIPAL_NOT_UNIQUE, it is mapped to several accounts and there is no hint which.
  virtual Awaitable<Outcome<Identity>> user_by_certificate(std::vector<std::uint8_t> der,
                                                           CertificateHints hints = CertificateHints()) = 0;
  // The same (by certificate where one is given, with these hints), refused by the KDC where the account may not sign in at this hour
  // (MS-SFU 2.2.2). Each time it is asked.
  virtual Awaitable<Outcome<Identity>> user_within_logon_hours(std::string name,
                                                               std::vector<std::uint8_t> certificate = {},
                                                               CertificateHints hints = CertificateHints()) = 0;
  // Evidence that a client presented to us: the DER Ticket of its AP-REQ, after the acceptor has judged it.
  virtual Result<Identity> from_ticket(std::vector<std::uint8_t> ticket_der) = 0;
  // The TGT that a client forwarded to us (unconstrained delegation): the DER AP-REQ that it came with, after the acceptor has judged it.
  // ticket_for() of such an identity asks as the user, with that TGT, and never by S4U. Refused: there is none, or it may not be used;
  // the text says which.
  virtual Outcome<Identity> from_forwarded_tgt(std::vector<std::uint8_t> ap_req_der) = 0;
  // Checks a password by AS-REQ, and the KDC by a ticket to ourselves that our keytab must decrypt. The identity's principal is
  // canonical; it carries no evidence of its own (ticket_for runs S4U2Self). The password is wiped by the callee.
  virtual Awaitable<Outcome<std::string>> check_password(std::string name, std::string password) = 0;
  // The same, and the user himself: ticket_for() of this identity asks in his name with his TGT, which it holds; no delegation.
  virtual Awaitable<Outcome<Identity>> user_by_password(std::string name, std::string password) = 0;
  // Ourselves: ticket_for() of this identity asks in our own name, and it fails where our key or our account does not hold.
  virtual Awaitable<Outcome<Identity>> self() = 0;

  // S4U2Proxy, by referral where the target lives elsewhere. One exchange for many waiters; cached until the ticket ends, and asked for
  // anew in the background where it is used after four fifths of its life. A refusal is remembered: one by policy for 60 to 120 s, an
  // unknown user or service for 30 to 60 s, that nobody answered for 1 to 3 s. A waiter's cancellation ends his waiting, not the exchange.
  virtual Awaitable<Outcome<TicketPtr>> ticket_for(Identity identity, std::string spn) = 0;
  // The same, past a remembered refusal: once in each refusal's life somebody may look whether it has been repaired.
  virtual Awaitable<Outcome<TicketPtr>> ticket_past_refusal(Identity identity, std::string spn) {
    return ticket_for(std::move(identity), std::move(spn));
  }
  // The same with S4U2Self before it where no evidence is cached: one call for a user that signed in without a ticket.
  virtual Awaitable<Outcome<TicketPtr>> ticket_for_user(std::string name, std::string spn) = 0;
  // The same as ticket_for, as the options say.
  Awaitable<Outcome<TicketPtr>> ticket_for(Identity identity, std::string spn, TicketOptions options);
  // ticket_for and make_negotiate_token.
  Awaitable<Outcome<NegotiateToken>> token_for(Identity identity, std::string spn,
                                               std::vector<std::uint8_t> channel_bindings = {},
                                               TicketOptions options = {});
  // Refused (unusable) unless allow_proxy_credentials says otherwise.
  virtual Awaitable<Outcome<ProxyCredentialPtr>> proxy_credential(Identity identity) = 0;

  virtual Awaitable<Outcome<LocatedController>> locate(std::string realm,
                                                       std::string level) = 0;  // level: "" or "2012"…
  // As DsGetDcName: a KDC that answers no ping has nothing that could be required.
  virtual Awaitable<Outcome<LocatedController>> find_controller(std::string realm,
                                                                ControllerRequirements requirements) = 0;
  // Wipes what is kept of this user (sign-out); what is under way for him is given to those who wait and not kept.
  virtual void forget_user(std::string_view principal) = 0;
  [[nodiscard]] virtual Statistics statistics() const = 0;
  // `user`: whose entries are listed ("alice@REALM"); empty: nobody's.
  [[nodiscard]] virtual CacheView cache_view(std::string_view user = {}) const = 0;
};

}  // namespace v0
}  // namespace stead
