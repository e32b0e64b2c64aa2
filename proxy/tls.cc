#include "proxy/tls.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <array>
#include <string_view>

namespace stead::proxy {
namespace {

namespace ssl = boost::asio::ssl;

// What OpenSSL complained of first, in its words.
std::string openssl_error() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  const char* reason = code != 0 ? ERR_reason_error_string(code) : nullptr;
  return reason != nullptr ? reason : "cannot be read";
}

int choose_http_1_1(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in, unsigned in_size, void*) {
  static constexpr std::array<unsigned char, 9> kOurs{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, kOurs.data(), kOurs.size(), in, in_size) != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_NOACK;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

// The handshake goes on whatever comes: which routes want a certificate is decided request by request. OpenSSL keeps the verdict.
int keep_verdict(int, X509_STORE_CTX*) { return 1; }

bool use_client_certificates(SSL_CTX* context, const Config& config, std::string& message) {
  if (SSL_CTX_load_verify_locations(context, config.certificate_ca.c_str(), nullptr) != 1) {
    message = config.certificate_ca + ": the CA of client certificates: " + openssl_error();
    return false;
  }
  if (STACK_OF(X509_NAME)* const names = SSL_load_client_CA_file(config.certificate_ca.c_str())) SSL_CTX_set_client_CA_list(context, names);
  X509_VERIFY_PARAM* const parameters = SSL_CTX_get0_param(context);
  X509_VERIFY_PARAM_set_purpose(parameters, X509_PURPOSE_SSL_CLIENT);
  if (!config.certificate_crl.empty()) {
    X509_LOOKUP* const lookup = X509_STORE_add_lookup(SSL_CTX_get_cert_store(context), X509_LOOKUP_file());
    if (lookup == nullptr || X509_load_crl_file(lookup, config.certificate_crl.c_str(), X509_FILETYPE_PEM) < 1) {
      message = config.certificate_crl + ": the revocation list of client certificates: " + openssl_error();
      return false;
    }
    X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_CRL_CHECK);
  }
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, keep_verdict);
  // A resumed session would bring back a verdict of its past.
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 0);
  return true;
}

}  // namespace

std::string end_point_bindings(const X509* certificate) {
  if (certificate == nullptr) return {};
  int digest = NID_undef;
  if (X509_get_signature_info(const_cast<X509*>(certificate), &digest, nullptr, nullptr, nullptr) != 1) return {};
  const EVP_MD* hash = digest == NID_md5 || digest == NID_sha1 ? EVP_sha256() : EVP_get_digestbynid(digest);
  if (hash == nullptr) return {};
  std::array<unsigned char, EVP_MAX_MD_SIZE> value{};
  unsigned size = 0;
  if (X509_digest(certificate, hash, value.data(), &size) != 1) return {};
  std::string out = "tls-server-end-point:";
  out.append(reinterpret_cast<const char*>(value.data()), size);
  return out;
}

ClientCertificate client_certificate_of(SSL* ssl) {
  ClientCertificate out;
  const X509* const certificate = ssl != nullptr ? SSL_get0_peer_certificate(ssl) : nullptr;
  if (certificate == nullptr) return out;
  if (const long verdict = SSL_get_verify_result(ssl); verdict != X509_V_OK) {
    out.error = X509_verify_cert_error_string(verdict);
    return out;
  }
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate, &der);
  if (size > 0) out.der.assign(der, der + size);
  OPENSSL_free(der);
  return out;
}

std::unique_ptr<ServerTls> ServerTls::open(const Config& config, std::string& message) {
  message.clear();
  if (config.certificate.empty()) return nullptr;
  auto tls = std::make_unique<ServerTls>();
  SSL_CTX* const context = tls->context_.native_handle();
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20");
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_alpn_select_cb(context, choose_http_1_1, nullptr);
  ERR_clear_error();
  if (SSL_CTX_use_certificate_chain_file(context, config.certificate.c_str()) != 1) {
    message = config.certificate + ": the certificate: " + openssl_error();
    return nullptr;
  }
  if (SSL_CTX_use_PrivateKey_file(context, config.key.c_str(), SSL_FILETYPE_PEM) != 1) {
    message = config.key + ": the certificate's key: " + openssl_error();
    return nullptr;
  }
  if (SSL_CTX_check_private_key(context) != 1) {
    message = config.key + ": is not the key of " + config.certificate;
    return nullptr;
  }
  constexpr std::string_view kSessionContext = "stead";
  SSL_CTX_set_session_id_context(context, reinterpret_cast<const unsigned char*>(kSessionContext.data()), kSessionContext.size());
  if (config.certificate_sign_in && !use_client_certificates(context, config, message)) return nullptr;
  tls->bindings_ = end_point_bindings(SSL_CTX_get0_certificate(context));
  return tls;
}

std::unique_ptr<UpstreamTls> UpstreamTls::open(const Config& config, std::string& message) {
  auto tls = std::make_unique<UpstreamTls>();
  for (const Route& route : config.routes) {
    if (tls->contexts_.contains(route.upstream_ca)) continue;
    auto context = std::make_unique<ssl::context>(ssl::context::tls_client);
    SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
    ERR_clear_error();
    const bool loaded = route.upstream_ca.empty() ? SSL_CTX_set_default_verify_paths(context->native_handle()) == 1
                                                  : SSL_CTX_load_verify_locations(context->native_handle(), route.upstream_ca.c_str(), nullptr) == 1;
    if (!loaded) {
      message = route.upstream_ca + ": the CA of upstreams: " + openssl_error();
      return nullptr;
    }
    tls->contexts_.emplace(route.upstream_ca, std::move(context));
  }
  return tls;
}

}  // namespace stead::proxy
