#pragma once
// TLS towards clients, as the configuration has it.
#include <string>
#include <vector>

#include "proxy/config/values/end_point.h"

namespace stead::proxy {

struct CertificateFiles {
  std::string certificate, key;  // PEM
  std::string ocsp;              // a response in DER; empty: none is stapled
  std::string where;             // "FILE:LINE:COLUMN", where the configuration names them
};

// The configurations of Mozilla's Server Side TLS. modern: TLS 1.3. intermediate: TLS 1.2 too, with cipher suites that
// have forward secrecy and authenticated encryption.
enum class TlsPolicy { intermediate, modern };

struct TlsSettings {
  std::vector<CertificateFiles> certificates;  // the first is for clients without SNI; empty: plain HTTP
  TlsPolicy policy = TlsPolicy::intermediate;
};

// Of an address that does not use the server's.
struct ListenerTls {
  Endpoint at;
  TlsSettings settings;
};

}  // namespace stead::proxy
