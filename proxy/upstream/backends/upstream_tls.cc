#include "proxy/upstream/backends/upstream_tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "proxy/tls/own_certificate.h"
#include "sspi_shim/base/openssl_error.h"

namespace stead::proxy {
namespace {

Checked<void> use_ca(SSL_CTX* context, const std::string& file) {
  ERR_clear_error();
  const bool loaded = file.empty() ? SSL_CTX_set_default_verify_paths(context) == 1
                                   : SSL_CTX_load_verify_locations(context, file.c_str(), nullptr) == 1;
  if (loaded) return boost::system::in_place_value;
  return Problem{.message = "the CA of upstreams: " + take_openssl_error(), .where = file, .fix = {}};
}

// Names of hosts mean nothing in it, so the warnings about them are not passed on.
Checked<void> use_certificate(SSL_CTX* context, const CertificateFiles& files) {
  if (files.certificate.empty()) return boost::system::in_place_value;
  std::vector<std::string> about_names;
  const auto own = OwnCertificate::load(files, about_names);
  if (!own) return own.error();
  return (*own)->use_in(context, files);
}

}  // namespace

Checked<std::unique_ptr<UpstreamTls>> UpstreamTls::open(const Config& config) {
  auto tls = std::make_unique<UpstreamTls>();
  for (const Route& route : config.routes) {
    std::pair key(route.upstream_ca, route.upstream_certificate.certificate);
    if (tls->contexts_.contains(key)) continue;
    SslContextPtr context(SSL_CTX_new(TLS_client_method()));
    if (!context) throw std::bad_alloc();
    SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
    SSL_CTX_set_options(context.get(), SSL_OP_NO_COMPRESSION);
    if (auto used = use_ca(context.get(), route.upstream_ca); !used) return used.error();
    if (auto used = use_certificate(context.get(), route.upstream_certificate); !used) return used.error();
    tls->contexts_.emplace(std::move(key), std::move(context));
  }
  return tls;
}

}  // namespace stead::proxy
