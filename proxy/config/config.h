#pragma once
// The proxy's configuration: plain values with defaults, read from one TOML file and checked as a whole before anything
// starts. proxy/README.md describes every key.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/config/tls_settings.h"
#include "proxy/config/values/access_list.h"
#include "proxy/config/values/address_set.h"
#include "proxy/config/values/end_point.h"
#include "proxy/config/values/redis_address.h"
#include "proxy/config/values/upstream.h"
#include "proxy/http/own_response.h"
#include "sspi_shim/base/problem.h"
#include "stead/acceptor.h"
#include "stead/s4u.h"

namespace stead::proxy {

enum class SignInMethod { kerberos, forms, certificate };
[[nodiscard]] std::string_view to_string(SignInMethod method);  // "kerberos", "forms", "certificate"

// forwarded_tgt is unconstrained delegation; a route with it signs users in by Kerberos only.
enum class Delegation { s4u, forwarded_tgt, none };
[[nodiscard]] std::string_view to_string(Delegation delegation);  // "s4u", "forwarded-tgt", "none"

// The Host that a back end sees.
enum class UpstreamHost { client, upstream, text };

// How a certificate may name its user. strong: by what no other certificate can have (a SID, or a mapping in the
// directory). upn: also by the UPN that its authority wrote into it, for named realms.
enum class CertificateMapping { strong, upn };

// Whether a back end must prove that it holds the service's key (RFC 4120 §3.2.4). A proof that it sends is always
// verified.
enum class MutualAuth { optional, required };
[[nodiscard]] std::string_view to_string(MutualAuth mutual);  // "optional", "required"

// The fields that say who the client is: X-Forwarded-For, -Proto and -Host, or Forwarded (RFC 7239).
enum class ForwardedForm { x_forwarded, forwarded, both, none };

// Which of a route's upstreams gets a request. sticky: the same one for all requests of a session, and on a public route
// for all requests of an address.
enum class Balance { round_robin, least_connections, sticky };
[[nodiscard]] std::string_view to_string(Balance balance);  // "round_robin", "least_connections", "sticky"

// How the proxy asks a route's upstreams whether they are well.
struct HealthCheck {
  std::string path = "/";
  std::string host{};  // the Host that is sent; empty: the upstream's own
  std::chrono::seconds interval{5}, timeout{2};
  std::vector<int> status{};  // that are good; empty: 200 to 399
  int rise = 2, fall = 3;     // answers in a row that bring an upstream back, and that take it out
  bool kerberos = false;      // with a ticket of the proxy's own account
  [[nodiscard]] bool accepts(int answer) const;
};

// A redirection in place of a back end.
struct Redirect {
  std::string to;          // an absolute URL, or a path
  int status = 308;        // 301, 302, 303, 307, 308
  bool keep_path = false;  // the request's path and query are put behind `to`, without the route's strip_prefix
};

// A fixed answer in place of a back end, for example while it is maintained.
struct FixedAnswer {
  int status = 503;
  std::string body, type;               // empty: the proxy's own page
  std::chrono::seconds retry_after{0};  // 0: the answer does not say when
};

// What becomes of a CORS preflight (Fetch §4.8), which browsers send without credentials. needs_sign_in: it is a request
// as any other. pass: it goes to the back end without a user. answer: the proxy answers it by `allowed_origins`.
enum class Preflight { needs_sign_in, pass, answer };

// An address that back ends use among themselves, and what the client gets in its place.
struct AddressMapping {
  std::string from, to;  // "http://wiki.internal:8080" and "https://wiki.example.com"; `to` empty: the route's own
};

// How a request's line of the access log is written. combined: as Apache and nginx write it. off: there is none.
enum class AccessLogFormat { json, combined, off };
[[nodiscard]] std::string_view to_string(AccessLogFormat format);  // "json", "combined", "off"

struct Route {
  std::string host;          // lower case, without port; "*.example.com": every name below example.com; empty: any
  std::string path = "/";    // a prefix that ends at a path segment's end
  bool ignore_case = false;  // the back end reads paths without regard to case
  std::string strip_prefix;  // cut off the path before it goes to the back end; "/app", empty: nothing
  std::optional<Redirect> redirect;
  std::optional<FixedAnswer> answer;
  std::vector<SignInMethod> sign_in;
  std::vector<Upstream> upstreams;
  Balance balance = Balance::round_robin;
  std::optional<HealthCheck> health;
  std::chrono::seconds slow_start{0};  // from a tenth of its weight to all of it, for an upstream that returns
  std::string spn;
  Delegation delegation = Delegation::s4u;
  MutualAuth mutual = MutualAuth::optional;
  bool upstream_verify = true;            // TLS upstreams: verify certificate and name
  std::string upstream_ca;                // empty: the system's
  std::string upstream_server_name;       // for SNI and in the certificate; empty: the upstream's own
  CertificateFiles upstream_certificate;  // of the proxy, towards upstreams that ask for one; empty: none
  UpstreamHost upstream_host = UpstreamHost::client;
  std::string upstream_host_text;  // for UpstreamHost::text
  // Patterns of request headers, beside the default list: folded names (field_rules.h), '*' at the end for a prefix.
  std::vector<std::string> drop_headers, pass_headers;
  ForwardedForm forwarded = ForwardedForm::x_forwarded;  // how the back end learns of the client
  HeaderList set_request_headers;                        // in place of the client's
  HeaderList set_response_headers;                       // in place of the back end's
  HeaderList add_response_headers;                       // besides the back end's
  std::vector<std::string> remove_response_headers;      // patterns; with the names of set_response_headers
  std::vector<AddressMapping> address_map;
  AccessList allow, deny;                    // `allow` empty: every user; `deny` goes first
  std::vector<std::string> allowed_origins;  // of cross-site requests: "https://portal.example.com", lower case
  Preflight preflight = Preflight::needs_sign_in;
  std::optional<std::chrono::seconds> connect_timeout, reply_timeout;  // else those of [limits]
  std::optional<std::uint64_t> body_bytes;                             // of a request; nothing: no limit
  int retries = 3;                                                     // of a request that may be sent again
  bool auth = true;  // at auth_listen too, where offers_authorization()
  [[nodiscard]] bool allows(SignInMethod method) const;
  [[nodiscard]] bool has_one_host() const { return !host.empty() && !host.starts_with("*."); }
  // False: for other proxies alone, which ask at auth_listen and forward the request themselves.
  [[nodiscard]] bool serves_clients() const { return !upstreams.empty() || redirect || answer; }
  // True if another proxy may get this route's tokens. Not a user's TGT, and not where we promise to verify the back
  // end's proof, which the other proxy gets.
  [[nodiscard]] bool offers_authorization() const {
    return auth && !redirect && !answer && delegation != Delegation::forwarded_tgt && mutual == MutualAuth::optional;
  }
};

// The look of the proxy's own pages.
struct Pages {
  std::string name;   // of the organisation; empty: none
  std::string logo;   // a data: URL; empty: none
  std::string color;  // "#1f5fa8"; empty: the shipped one
  std::string style;  // CSS behind the shipped one
  std::string html;   // the whole page with {{content}} and the like; empty: the shipped one
  std::vector<std::string> languages{"en", "de"};                   // the first is for whoever asks for none of them
  std::map<std::string, std::map<std::string, std::string>> texts;  // by language, then by the English text
};

struct Limits {
  std::size_t header_bytes = 64 * 1024;  // request line and header; a ticket's PAC makes them long
  std::size_t login_body_bytes = 16 * 1024;
  std::size_t connections = 20000;             // of clients, over all cores
  std::size_t connections_per_address = 5000;  // of one IPv4 address or one IPv6 /64, over all cores
  std::uint32_t requests_per_address = 0;      // a second, of one IPv4 address or one IPv6 /64; 0: no limit
  std::uint32_t requests_burst = 0;            // that may come at once; 0: twice as many
  std::chrono::seconds header_timeout{15}, idle_timeout{60}, body_idle_timeout{60}, upstream_connect_timeout{5},
      upstream_reply_timeout{120}, upstream_idle_timeout{30}, tunnel_idle_timeout{600}, drain_timeout{25};
  std::chrono::seconds lame_duck{0};  // at the end of the process, not ready and still accepting connections
  std::size_t body_bytes_per_second =
      240;  // average over a request's body, after body_idle_timeout; 0: no minimum rate
  std::size_t upstream_idle_connections_per_user = 6;  // the number a browser opens to one host
  std::size_t http2_streams = 100;                     // at once on one connection
  std::size_t http2_stream_window = 128 * 1024;        // octets of a body that the client sends before they are taken
  std::size_t http2_resets_per_minute = 600;           // of streams on one connection
  int login_failures_per_user = 5;                     // within login_window, then 429
  int login_failures_per_address = 50;
  std::chrono::seconds login_window{1800};
};

// How the replicas of the proxy share what they know.
struct SharedSettings {
  std::optional<RedisAddress> redis;  // nothing: each replica is alone
  std::string ca;                     // of a TLS server; empty: the system's
  std::string prefix = "stead";       // of all keys and channels
  friend bool operator==(const SharedSettings&, const SharedSettings&) = default;
};

struct Config {
  std::string file;                // that it was read from
  std::vector<std::string> files;  // that it includes
  std::vector<Endpoint> listen;
  std::vector<Endpoint> auth_listen;  // for other proxies: /.stead/auth. Plain HTTP at loopback addresses, else TLS
  AddressSet auth_from;               // the proxies that may ask there
  std::string admin_socket;           // a Unix socket's path; empty: none
  AddressSet proxy_protocol_from;     // load balancers whose connections begin with a PROXY protocol header
  AddressSet trusted_proxies;         // peers whose word about the client counts
  ForwardedForm trusted_form = ForwardedForm::x_forwarded;  // x_forwarded or forwarded: the fields in which they say it
  TlsSettings tls;                                          // of the addresses that listener_tls does not have
  std::vector<ListenerTls> listener_tls;
  std::string ticket_key_file, ticket_key_where;  // keys of TLS session tickets; empty: the process makes its own
  std::vector<Endpoint> redirect;                 // plain HTTP that only redirects to https
  std::uint16_t redirect_port = 443;              // of the https addresses in those redirections
  std::string hsts;                               // the value of Strict-Transport-Security; empty: it is not sent
  std::optional<Endpoint> admin;
  std::vector<std::string> admin_hosts;  // names of the admin pages, in lower case
  bool http2 = true;                     // offered by ALPN, over TLS
  unsigned threads = 0;                  // 0: one for each core
  std::string access_log;                // file; empty: standard error
  AccessLogFormat access_log_format = AccessLogFormat::json;
  std::string audit_log;                                              // file; empty: standard error
  ClientOptions client;                                               // [identity] and [locator]
  bool kerberos = false, forms = false, certificate_sign_in = false;  // which [sign_in.*] tables are there
  BindingsPolicy channel_bindings = BindingsPolicy::allow;
  // Names of this proxy besides the host that was asked: tickets for their SPNs are accepted too. Lower case.
  std::vector<std::string> kerberos_aliases;
  std::string forms_realm;  // for a bare user name
  std::string certificate_ca;
  std::vector<std::string> certificate_crls;  // revocation lists, PEM or DER; empty: revocation is not checked
  CertificateMapping certificate_mapping = CertificateMapping::strong;
  std::vector<std::string> certificate_upn_realms;  // upper case; with CertificateMapping::upn
  GroupPatterns groups;                             // that any list of the file names
  AccessList deny_delegation_of;                    // users for whom no back-end ticket is requested
  std::string session_key_file;
  std::chrono::seconds session_lifetime{8 * 3600}, session_idle{30 * 60};
  SharedSettings shared;
  std::vector<Route> routes;
  Pages pages;
  Limits limits;
  [[nodiscard]] const TlsSettings& tls_at(const Endpoint& listener) const;
  [[nodiscard]] bool has_tls() const;  // at any address
  [[nodiscard]] bool redirects_at(const Endpoint& listener) const;
  [[nodiscard]] bool speaks_https_at(const Endpoint& listener) const;
  [[nodiscard]] std::vector<Endpoint> client_addresses() const;  // listen and redirect
};

// A Problem's `where` is "FILE:LINE:COLUMN". Relative paths in the file start at the file's folder. Blocking.
[[nodiscard]] Checked<Config> read_config(const std::string& path);

}  // namespace stead::proxy
