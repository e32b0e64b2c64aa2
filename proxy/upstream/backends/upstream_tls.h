#pragma once
// TLS contexts for connections to back ends, one for each CA file and certificate of the proxy's own that routes name.
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "proxy/config/config.h"
#include "proxy/tls/openssl_pointers.h"
#include "proxy/upstream/backends/upstream_health.h"
#include "sspi_shim/base/problem.h"

namespace stead::proxy {

class UpstreamTls {
 public:
  [[nodiscard]] static Checked<std::unique_ptr<UpstreamTls>> open(const Config& config);  // blocking
  [[nodiscard]] SSL_CTX& context(const BackEnd& back_end) const {
    return *contexts_.at({back_end.ca, back_end.certificate.certificate});
  }

 private:
  std::map<std::pair<std::string, std::string>, SslContextPtr>
      contexts_;  // by CA (empty: the system's) and certificate
};

}  // namespace stead::proxy
