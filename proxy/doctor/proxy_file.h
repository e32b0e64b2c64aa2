#pragma once
// What the doctor needs of the proxy's file (contract.md). Other keys are the proxy's to judge: `stead-proxy --config
// FILE --check`.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "stead/s4u.h"

namespace stead::doctor {

struct BackEnd {  // of upstreams: "http://host:port/base"
  std::string url;
  bool tls = false;
  std::string host;  // without brackets
  std::uint16_t port = 80;
  std::string base_path;
};

struct ProxyRoute {
  std::string host;  // empty: any
  std::string path = "/";
  bool kerberos = false;  // users sign in by Kerberos
  std::vector<BackEnd> back_ends;
  std::string spn;  // empty: no delegation
  std::string delegation = "s4u";
  bool verify = true;  // TLS: certificate and name
  std::string ca;      // empty: the system's
};

struct ProxyFile {
  std::string path;
  ClientOptions client;  // [identity] and [locator]
  std::string tls_key;   // files; empty: none
  std::string session_key;
  std::string certificate;
  std::size_t header_bytes = 64 * 1024;  // [limits]
  std::vector<ProxyRoute> routes;
};

// On failure `message` is "FILE:LINE:COLUMN: message".
[[nodiscard]] std::optional<ProxyFile> read_proxy_file(const std::string& path, std::string& message);

// The SPNs that browsers ask tickets for: HTTP/host of each route with Kerberos; for one of any host the principal
// itself.
[[nodiscard]] std::vector<std::string> published_spns(const ProxyFile& file);

}  // namespace stead::doctor
