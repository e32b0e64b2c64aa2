#pragma once
// What the doctor has seen, as plain values without keys and tickets: gather/ fills them in, checks/ judges them.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sspi_shim/locate/ping/netlogon_ping.h"
#include "sspi_shim/protocol/messages/netlogon.h"
#include "sspi_shim/s4u/action.h"

namespace stead::doctor {

// --- network ---

enum class PortAnswer { not_asked, answered, silent, refused, reset };

struct ControllerFacts {
  std::string realm;
  ControllerAddress where;
  PortAnswer udp = PortAnswer::not_asked, tcp = PortAnswer::not_asked;  // an AS-REQ to the Kerberos port
  PortAnswer kpasswd = PortAnswer::not_asked;  // a TCP connection to 464; where the Kerberos port is the usual one
  PingAnswer ping = PingAnswer::silent;
  DcLevel level = DcLevel::unknown;
  std::optional<std::chrono::milliseconds> clock;  // its clock minus ours, by its KRB-ERROR
  std::string said;                                // its answer, "KDC_ERR_CLIENT_REVOKED"
  bool wrong_realm = false;                        // it serves another realm
  [[nodiscard]] bool answers() const { return udp == PortAnswer::answered || tcp == PortAnswer::answered; }
};

struct RealmFacts {
  std::string realm;        // upper case
  bool configured = false;  // a [locator.realm] table, in place of DNS
  std::string kdc_proxy;    // the URL of the proxy through which its KDCs are asked; empty: they are asked themselves
  Error kerberos_srv, ldap_srv;  // of the DNS queries; no error: there are records
  std::size_t kerberos_records = 0, ldap_records = 0;
  bool is_domain = false;  // DNS has records of domain controllers besides: _kerberos._tcp.dc._msdcs
  std::vector<ControllerFacts> controllers;
  std::vector<std::string> without_address;  // controllers that DNS names, and has no address for
};

// --- questions to KDCs ---

// One question, with all its steps.
struct Question {
  std::vector<TraceStep> steps;
  std::optional<Refusal> refusal;  // nothing: granted
  [[nodiscard]] bool granted() const { return !refusal; }
};

// A ticket to a service, asked for as ourselves.
struct ServiceFacts {
  std::string spn;
  Question question;
  std::string realm;             // of the KDC that issued it
  std::vector<std::string> way;  // realms on the way, ours first
  EncType etype = EncType::null;
  std::optional<std::uint32_t> kvno;
  std::optional<std::uint32_t> opened_by;  // kvno of the keytab's key that opens it; for the front end's own services
  std::size_t bytes = 0;
  bool ok_as_delegate = false;  // browsers forward their TGT to it
  // The same SPN at the KDC of another realm, by the tickets that it gave.
  struct Elsewhere {
    std::string realm;
    bool reached = false;  // we got a TGT for it
    bool has_spn = false;  // an account of it has the SPN
  };
  std::vector<Elsewhere> elsewhere;
};

// --- account ---

enum class FileKind { keytab, session_key, tls_key };
[[nodiscard]] std::string_view to_string(FileKind kind);  // "keytab", "session key", "TLS key"

struct FileFacts {  // a file with a secret
  FileKind kind{};
  std::string path;
  bool exists = false;
  std::string error;  // why stat() failed
  unsigned mode = 0;  // permission bits
};

struct KeytabLine {
  Principal principal;
  std::uint32_t kvno = 0;
  EncType type{};
};

struct AccountFacts {
  Principal principal;
  bool allow_rc4 = false;
  std::string keytab;
  std::string keytab_error;  // why it cannot be read
  std::vector<KeytabLine> lines;
  std::optional<Question> sign_on;      // AS exchange as the principal; nothing: there is no key to try
  std::string account;                  // of the principal, from the KDC's salt; empty: not in it
  std::string salt;                     // that the KDC derives its key with; empty: it did not say
  std::optional<Principal> other;       // another name in the keytab whose key the KDC accepts
  std::vector<ServiceFacts> published;  // HTTP/host of the routes, and the principal
  std::vector<FileFacts> files;
  bool wants_forwarded_tgts = false;  // a route has delegation = "forwarded-tgt"
};

// --- the user and the delegation ---

struct UserFacts {
  std::string asked;               // as given
  std::optional<Failure> failure;  // of S4U2Self
  std::vector<TraceStep> steps;
  std::string principal;  // "alice@REALM"
  bool known_to_as =
      false;  // an AS-REQ for the name is not refused as unknown; asked if S4U2Self does not find the user
  bool forwardable = false, sensitive = false;
  bool is_protected = false;  // in Protected Users
  std::size_t evidence_bytes = 0, groups = 0;
};

struct DelegationFacts {
  std::string service;  // as asked
  std::optional<Failure> failure;
  std::vector<TraceStep> steps;
  std::string granted_service;  // "HTTP/host@REALM"
  EncType etype = EncType::null;
  std::size_t token_bytes = 0;  // of the Negotiate token, as base64
};

// --- front ---

struct PublicNameFacts {
  std::string host;                    // of a route with Kerberos
  std::vector<std::string> aliases;    // the names that it is an alias (CNAME) of
  std::optional<ServiceFacts> behind;  // a ticket to HTTP/ and the last alias
  std::string account;                 // ours, for the command
};

struct CertificateFacts {    // that browsers see
  std::string path, key;     // files
  std::string error;         // why it cannot be read
  std::string begins, ends;  // "Nov 27 16:58:10 2026 GMT"
  bool holds_now = false;
  std::string name;                    // a public name, for the command
  std::vector<std::string> not_named;  // public names that it does not have
};

// --- back ends ---

enum class HttpStage { name, connect, tls, answer, done };  // how far a request came

struct HttpFacts {
  HttpStage stage = HttpStage::name;
  std::string error;  // at that stage
  unsigned status = 0;
  std::vector<std::string> challenges;                       // values of WWW-Authenticate
  std::optional<std::chrono::seconds> clock;                 // its Date minus our time
  bool closes = false;                                       // it closes the connection after this answer
  [[nodiscard]] bool offers(std::string_view scheme) const;  // `scheme` in any case of letters
};

enum class ApRep { absent, holds, does_not_hold, modified };  // modified: a KRB-ERROR KRB_AP_ERR_MODIFIED

struct BackEndFacts {
  std::string url, path, host;  // of the requests
  std::string spn;              // empty: the route does not delegate
  bool tls = false;
  bool proof_is_required = false;    // the route has mutual = "required"
  bool by_name = false;              // the upstream is a name, not an address
  std::vector<std::string> aliases;  // the names that it is an alias (CNAME) of
  std::vector<std::string> reverse;  // names of its address (PTR)
  HttpFacts anonymous;
  struct Signed {     // answers to requests with a token for the user
    HttpFacts first;  // to a connection's first request
    ApRep proof = ApRep::absent;
    std::string error_code;          // of a KRB-ERROR in the answer
    std::optional<HttpFacts> again;  // to a second one on that connection, without a token
    std::optional<HttpFacts>
        after_challenge;           // an anonymous request, then the token on its connection; where `first` was refused
    std::optional<HttpFacts> raw;  // a raw Kerberos token; where both were refused
    std::optional<HttpFacts> unbound;  // without the channel's binding; where all was refused, over TLS
  };
  std::optional<Signed> signed_in;
};

}  // namespace stead::doctor
