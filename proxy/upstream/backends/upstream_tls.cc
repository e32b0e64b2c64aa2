#include "proxy/upstream/backends/upstream_tls.h"

#include <memory>
#include <utility>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "sspi_shim/base/openssl_error.h"

namespace stead::proxy {

Checked<std::unique_ptr<UpstreamTls>> UpstreamTls::open(const Config& config) {
  namespace ssl = boost::asio::ssl;
  auto tls = std::make_unique<UpstreamTls>();
  for (const Route& route : config.routes) {
    if (tls->contexts_.contains(route.upstream_ca)) continue;
    auto context = std::make_unique<ssl::context>(ssl::context::tls_client);
    SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
    ERR_clear_error();
    const bool loaded =
        route.upstream_ca.empty()
            ? SSL_CTX_set_default_verify_paths(context->native_handle()) == 1
            : SSL_CTX_load_verify_locations(context->native_handle(), route.upstream_ca.c_str(), nullptr) == 1;
    if (!loaded)
      return Problem{.message = "the CA of upstreams: " + take_openssl_error(), .where = route.upstream_ca, .fix = {}};
    tls->contexts_.emplace(route.upstream_ca, std::move(context));
  }
  return tls;
}

}  // namespace stead::proxy
