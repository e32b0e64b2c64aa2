#include "proxy/core/server_tls.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sspi_shim/base/openssl_error.h"
#include "sspi_shim/base/text.h"
#include "sspi_shim/base/x509.h"

namespace stead::proxy {
namespace {

using BioPtr = std::unique_ptr<BIO, decltype(&BIO_free)>;
using CrlPtr = std::unique_ptr<X509_CRL, decltype(&X509_CRL_free)>;

// Without this callback OpenSSL asks for a passphrase at the terminal.
int no_passphrase(char*, int, int, void*) {
  return -1;
}

// The protocols of ALPN (RFC 7301), the preferred one first.
constexpr std::string_view kHttp2AndHttp1 = "\x02h2\x08http/1.1", kHttp1 = "\x08http/1.1";

int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in, unsigned in_size,
                    void* protocols) {
  const auto& ours = *static_cast<const std::string_view*>(protocols);
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, reinterpret_cast<const unsigned char*>(ours.data()),
                            static_cast<unsigned>(ours.size()), in, in_size) != OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_NOACK;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

// Stops at the first error, which is the verdict. A missing revocation list is an error for the certificate's own
// issuer only (see the header).
int stop_at_error(int good, X509_STORE_CTX* store) {
  if (good == 1) return 1;
  if (X509_STORE_CTX_get_error(store) != X509_V_ERR_UNABLE_TO_GET_CRL || X509_STORE_CTX_get_error_depth(store) == 0)
    return 0;
  X509_STORE_CTX_set_error(store, X509_V_OK);
  return 1;
}

// Never fails the handshake: OpenSSL keeps the verdict in the store context.
int verify(X509_STORE_CTX* store, void*) {
  X509_STORE_CTX_set_verify_cb(store, stop_at_error);
  if (X509_verify_cert(store) != 1 && X509_STORE_CTX_get_error(store) == X509_V_OK)
    X509_STORE_CTX_set_error(store, X509_V_ERR_UNSPECIFIED);
  return 1;
}

ClientCertificate with_verdict(const X509* certificate, long verdict) {
  ClientCertificate out;
  if (certificate == nullptr) return out;
  out.name = subject_and_serial(certificate);
  if (verdict == X509_V_OK)
    out.der = to_der(certificate);
  else
    out.error = X509_verify_cert_error_string(verdict);
  return out;
}

std::string warning_about(const X509* certificate, const std::string& file) {
  std::string when;
  switch (validity_of(certificate)) {
    case Validity::now:
      return {};
    case Validity::ended:
      when = "ended " + to_text(X509_get0_notAfter(certificate));
      break;
    case Validity::not_yet:
      when = "is not valid before " + to_text(X509_get0_notBefore(certificate));
      break;
  }
  return file + ": the certificate of " + to_text(X509_get_subject_name(certificate)) + " " + when +
         ": clients refuse it";
}

}  // namespace

bool ServerTls::add_revocation_list(X509_CRL* crl, const std::string& file) {
  const CrlPtr owned(crl, X509_CRL_free);
  const ASN1_TIME* const next = X509_CRL_get0_nextUpdate(crl);
  if (next != nullptr && X509_cmp_current_time(next) < 0)
    warnings_.push_back(file + ": the revocation list of " + to_text(X509_CRL_get_issuer(crl)) +
                        " is past its next update: certificates of this issuer are refused");
  return X509_STORE_add_crl(SSL_CTX_get_cert_store(context_.native_handle()), crl) == 1;
}

Checked<void> ServerTls::use_revocation_list(const std::string& file) {
  const BioPtr bio(BIO_new_file(file.c_str(), "rb"), BIO_free);
  if (bio) {
    int found = 0;
    bool good = true;
    while (X509_CRL* const crl = good ? PEM_read_bio_X509_CRL(bio.get(), nullptr, nullptr, nullptr) : nullptr) {
      good = add_revocation_list(crl, file);
      if (good) ++found;
    }
    // PEM_read ends with an error in any case: NO_START_LINE is the end of the file, any other a broken block.
    const unsigned long code = ERR_peek_last_error();
    if (good && found > 0 && ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE) {
      ERR_clear_error();
      return boost::system::in_place_value;
    }
    if (found == 0 && BIO_reset(bio.get()) == 0) {  // authorities publish them in DER
      ERR_clear_error();
      X509_CRL* const crl = d2i_X509_CRL_bio(bio.get(), nullptr);
      if (crl != nullptr && add_revocation_list(crl, file)) return boost::system::in_place_value;
    }
  }
  return Problem{
      .message = "the revocation list of client certificates: " + take_openssl_error(), .where = file, .fix = {}};
}

Checked<void> ServerTls::use_client_certificates(const Config& config) {
  SSL_CTX* const context = context_.native_handle();
  if (SSL_CTX_load_verify_locations(context, config.certificate_ca.c_str(), nullptr) != 1)
    return Problem{
        .message = "the CA of client certificates: " + take_openssl_error(), .where = config.certificate_ca, .fix = {}};
  if (STACK_OF(X509_NAME)* const names = SSL_load_client_CA_file(config.certificate_ca.c_str()))
    SSL_CTX_set_client_CA_list(context, names);
  X509_VERIFY_PARAM* const parameters = SSL_CTX_get0_param(context);
  X509_VERIFY_PARAM_set_purpose(parameters, X509_PURPOSE_SSL_CLIENT);
  for (const std::string& file : config.certificate_crls)
    if (auto used = use_revocation_list(file); !used) return used;
  if (!config.certificate_crls.empty())
    X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_cert_verify_callback(context, verify, nullptr);
  // A resumed session would keep the verdict of its first handshake.
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 0);
  return boost::system::in_place_value;
}

ClientCertificate ServerTls::client_certificate_of(SSL* ssl) {
  return ssl != nullptr ? with_verdict(SSL_get0_peer_certificate(ssl), SSL_get_verify_result(ssl))
                        : ClientCertificate{};
}

ClientCertificate ServerTls::verify_again(SSL* ssl) {
  X509* const certificate = ssl != nullptr ? SSL_get0_peer_certificate(ssl) : nullptr;
  if (certificate == nullptr) return {};
  const std::unique_ptr<X509_STORE_CTX, decltype(&X509_STORE_CTX_free)> store(X509_STORE_CTX_new(),
                                                                              X509_STORE_CTX_free);
  SSL_CTX* const context = context_.native_handle();
  long verdict = X509_V_ERR_UNSPECIFIED;
  if (X509_STORE_CTX_init(store.get(), SSL_CTX_get_cert_store(context), certificate, SSL_get_peer_cert_chain(ssl)) ==
          1 &&
      X509_STORE_CTX_set_default(store.get(), "ssl_client") == 1 &&
      X509_VERIFY_PARAM_set1(X509_STORE_CTX_get0_param(store.get()), SSL_CTX_get0_param(context)) == 1) {
    // As libssl does it in a handshake: weak keys and digests are refused by the security level.
    X509_VERIFY_PARAM_set_auth_level(X509_STORE_CTX_get0_param(store.get()), SSL_CTX_get_security_level(context));
    verify(store.get(), nullptr);
    verdict = X509_STORE_CTX_get_error(store.get());
  }
  ERR_clear_error();
  return with_verdict(certificate, verdict);
}

bool ServerTls::covers(SSL* ssl, const std::string& host) {
  const char* const name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  if (name != nullptr && equal_ignoring_case(name, host)) return true;
  X509* const certificate = SSL_get_certificate(ssl);
  if (certificate == nullptr) return false;
  if (X509_check_host(certificate, host.data(), host.size(), 0, nullptr) == 1) return true;
  const bool brackets = host.starts_with('[') && host.ends_with(']');
  return X509_check_ip_asc(certificate, brackets ? host.substr(1, host.size() - 2).c_str() : host.c_str(), 0) == 1;
}

bool ServerTls::speaks_http_2(SSL* ssl) {
  const unsigned char* protocol = nullptr;
  unsigned size = 0;
  if (ssl != nullptr) SSL_get0_alpn_selected(ssl, &protocol, &size);
  return std::string_view(reinterpret_cast<const char*>(protocol), size) == "h2";
}

std::vector<std::string> ServerTls::files(const Config& config) {
  std::vector<std::string> out{config.certificate, config.key};
  if (config.certificate_sign_in) {
    out.push_back(config.certificate_ca);
    out.insert(out.end(), config.certificate_crls.begin(), config.certificate_crls.end());
  }
  return out;
}

Checked<void> ServerTls::use_server_certificate(const Config& config) {
  SSL_CTX* const context = context_.native_handle();
  SSL_CTX_set_default_passwd_cb(context, no_passphrase);
  ERR_clear_error();
  if (SSL_CTX_use_certificate_chain_file(context, config.certificate.c_str()) != 1)
    return Problem{.message = "the certificate: " + take_openssl_error(), .where = config.certificate, .fix = {}};
  if (SSL_CTX_use_PrivateKey_file(context, config.key.c_str(), SSL_FILETYPE_PEM) != 1)
    return Problem{.message = "the certificate's key: " + take_openssl_error(), .where = config.key, .fix = {}};
  if (SSL_CTX_check_private_key(context) != 1)
    return Problem{.message = "is not the key of " + config.certificate, .where = config.key, .fix = {}};
  const X509* const certificate = SSL_CTX_get0_certificate(context);
  if (std::string warning = warning_about(certificate, config.certificate); !warning.empty())
    warnings_.push_back(std::move(warning));
  bindings_ = tls_server_end_point(certificate);
  return boost::system::in_place_value;
}

Checked<std::shared_ptr<ServerTls>> ServerTls::open(const Config& config) {
  if (config.certificate.empty()) return std::shared_ptr<ServerTls>();
  auto tls = std::make_shared<ServerTls>();
  SSL_CTX* const context = tls->context_.native_handle();
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_COMPRESSION |
                                   SSL_OP_CLEANSE_PLAINTEXT);  // a login form has a password
  SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20");
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol,
                             const_cast<std::string_view*>(config.http2 ? &kHttp2AndHttp1 : &kHttp1));
  constexpr std::string_view kSessionContext = "stead";
  SSL_CTX_set_session_id_context(context, reinterpret_cast<const unsigned char*>(kSessionContext.data()),
                                 kSessionContext.size());
  if (auto used = tls->use_server_certificate(config); !used) return used.error();
  if (config.certificate_sign_in)
    if (auto used = tls->use_client_certificates(config); !used) return used.error();
  return tls;
}

}  // namespace stead::proxy
