#pragma once
// The proxy's configuration (contract.md): one struct of plain values with defaults, filled from one file and checked
// whole before anything starts.
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "stead/s4u.h"

namespace stead::proxy {

enum class SignInMethod { kerberos, forms, certificate };
[[nodiscard]] std::string_view to_string(SignInMethod method);  // "kerberos", "forms", "certificate"

// forwarded_tgt: unconstrained; such a route signs in by Kerberos alone, whatever else its sign_in lists.
enum class Delegation { s4u, forwarded_tgt, none };

struct Endpoint {  // "127.0.0.1:8443", "[::1]:8443"
  std::string address;
  std::uint16_t port = 0;
};

struct Upstream {
  bool tls = false;
  std::string host;
  std::uint16_t port = 80;
  std::string base_path;  // usually empty
  friend bool operator==(const Upstream&, const Upstream&) = default;
};

struct Route {
  std::string host;        // lower case, without port; empty: any
  std::string path = "/";  // prefix, on a segment's border
  std::vector<SignInMethod> sign_in;
  std::vector<Upstream> upstreams;
  std::string spn;
  Delegation delegation = Delegation::s4u;
  bool upstream_verify = true;  // TLS upstreams: certificate and name
  std::string upstream_ca;      // empty: the system's
  [[nodiscard]] bool allows(SignInMethod method) const;
};

struct Limits {
  std::size_t header_bytes = 64 * 1024;  // request line and header; PACs make them long
  std::size_t login_body_bytes = 16 * 1024;
  std::size_t connections = 20000;  // of clients, all cores together
  std::chrono::seconds header_timeout{15}, idle_timeout{60}, body_idle_timeout{60}, upstream_connect_timeout{5},
      upstream_reply_timeout{120}, upstream_idle_timeout{30}, tunnel_idle_timeout{600}, drain_timeout{25};
  std::size_t body_bytes_per_second =
      240;  // of a request, on average, beyond body_idle_timeout; 0: as slow as it likes
  std::size_t upstream_idle_connections_per_user = 6;  // as many as a browser opens
  int login_failures_per_user = 5;                     // within login_window, then 429
  int login_failures_per_address = 50;
  std::chrono::seconds login_window{300};
};

struct Config {
  std::vector<Endpoint> listen;
  std::string certificate, key;  // empty: plain HTTP, loopback only
  std::optional<Endpoint> admin;
  unsigned threads = 0;  // 0: one for each core
  ClientOptions client;  // [identity] and [locator]
  bool kerberos = false, forms = false, certificate_sign_in = false;
  std::string channel_bindings = "allow";  // [sign_in.kerberos]: "ignore", "allow", "require"
  std::string forms_realm;
  std::string certificate_ca;
  std::vector<std::string> certificate_crls;  // revocation lists, PEM or DER; empty: none are checked
  std::string session_key_file;
  std::chrono::seconds session_lifetime{8 * 3600}, session_idle{30 * 60};
  std::vector<Route> routes;
  Limits limits;
  std::string access_log;  // file; empty: standard error
};

// On failure `message` is "FILE:LINE:COLUMN: message", ready to print.
[[nodiscard]] std::optional<Config> read_config(const std::string& path, std::string& message);

}  // namespace stead::proxy
