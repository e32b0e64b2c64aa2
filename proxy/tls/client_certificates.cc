#include "proxy/tls/client_certificates.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sspi_shim/base/openssl_error.h"
#include "sspi_shim/base/x509.h"

namespace stead::proxy {
namespace {

using CrlPtr = std::unique_ptr<X509_CRL, FreeWith<X509_CRL_free>>;

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

}  // namespace

ClientCertificate client_certificate_of(SSL* ssl) {
  return ssl != nullptr ? with_verdict(SSL_get0_peer_certificate(ssl), SSL_get_verify_result(ssl))
                        : ClientCertificate{};
}

CertificateHosts::CertificateHosts(const std::vector<Route>& routes) {
  for (const Route& route : routes) {
    if (!route.serves_clients() || !route.allows(SignInMethod::certificate)) continue;
    if (route.host.empty())
      any_host_ = true;
    else if (route.has_one_host())
      exact_.push_back(route.host);
    else
      below_domains_.push_back(route.host.substr(1));
  }
}

bool CertificateHosts::ask(std::string_view name) const {
  if (any_host_) return true;
  if (name.empty()) return !exact_.empty() || !below_domains_.empty();
  return std::find(exact_.begin(), exact_.end(), name) != exact_.end() ||
         std::any_of(below_domains_.begin(), below_domains_.end(), [name](const std::string& domain) {
           return name.size() > domain.size() && name.ends_with(domain);
         });
}

ClientCertificates::ClientCertificates(const Config& config)
    : hosts_(config.routes), ca_(config.certificate_ca), store_(X509_STORE_new()) {
  if (!store_) throw std::bad_alloc();
}

Checked<std::unique_ptr<ClientCertificates>> ClientCertificates::open(const Config& config,
                                                                      std::vector<std::string>& warnings) {
  if (!config.certificate_sign_in) return std::unique_ptr<ClientCertificates>();
  std::unique_ptr<ClientCertificates> out(new ClientCertificates(config));
  ERR_clear_error();
  if (X509_STORE_load_locations(out->store_.get(), out->ca_.c_str(), nullptr) != 1)
    return Problem{.message = "the CA of client certificates: " + take_openssl_error(), .where = out->ca_, .fix = {}};
  for (const std::string& file : config.certificate_crls)
    if (auto used = out->use_revocation_list(file, warnings); !used) return used.error();
  out->checks_revocation_ = !config.certificate_crls.empty();
  return out;
}

bool ClientCertificates::add_revocation_list(X509_CRL* crl, const std::string& file,
                                             std::vector<std::string>& warnings) {
  const CrlPtr owned(crl);
  const ASN1_TIME* const next = X509_CRL_get0_nextUpdate(crl);
  if (next != nullptr && X509_cmp_current_time(next) < 0)
    warnings.push_back(file + ": the revocation list of " + to_text(X509_CRL_get_issuer(crl)) +
                       " is past its next update: certificates of this issuer are refused");
  return X509_STORE_add_crl(store_.get(), crl) == 1;
}

Checked<void> ClientCertificates::use_revocation_list(const std::string& file, std::vector<std::string>& warnings) {
  ERR_clear_error();
  const BioPtr bio(BIO_new_file(file.c_str(), "rb"));
  if (bio) {
    int found = 0;
    bool good = true;
    while (X509_CRL* const crl = good ? PEM_read_bio_X509_CRL(bio.get(), nullptr, nullptr, nullptr) : nullptr) {
      good = add_revocation_list(crl, file, warnings);
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
      if (crl != nullptr && add_revocation_list(crl, file, warnings)) return boost::system::in_place_value;
    }
  }
  return Problem{
      .message = "the revocation list of client certificates: " + take_openssl_error(), .where = file, .fix = {}};
}

void ClientCertificates::use_in(SSL_CTX* context) const {
  SSL_CTX_set1_cert_store(context, store_.get());
  if (STACK_OF(X509_NAME)* const names = SSL_load_client_CA_file(ca_.c_str()))
    SSL_CTX_set_client_CA_list(context, names);
  X509_VERIFY_PARAM* const parameters = SSL_CTX_get0_param(context);
  X509_VERIFY_PARAM_set_purpose(parameters, X509_PURPOSE_SSL_CLIENT);
  if (checks_revocation_) X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
  SSL_CTX_set_cert_verify_callback(context, verify, nullptr);
}

ClientCertificate ClientCertificates::verify_again(SSL* ssl) const {
  X509* const certificate = ssl != nullptr ? SSL_get0_peer_certificate(ssl) : nullptr;
  if (certificate == nullptr) return {};
  const std::unique_ptr<X509_STORE_CTX, FreeWith<X509_STORE_CTX_free>> store(X509_STORE_CTX_new());
  long verdict = X509_V_ERR_UNSPECIFIED;
  if (X509_STORE_CTX_init(store.get(), store_.get(), certificate, SSL_get_peer_cert_chain(ssl)) == 1 &&
      X509_STORE_CTX_set_default(store.get(), "ssl_client") == 1) {
    X509_VERIFY_PARAM* const parameters = X509_STORE_CTX_get0_param(store.get());
    X509_VERIFY_PARAM_set_purpose(parameters, X509_PURPOSE_SSL_CLIENT);
    if (checks_revocation_) X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
    // As libssl does it in a handshake: weak keys and digests are refused by the security level.
    X509_VERIFY_PARAM_set_auth_level(parameters, SSL_get_security_level(ssl));
    verify(store.get(), nullptr);
    verdict = X509_STORE_CTX_get_error(store.get());
  }
  ERR_clear_error();
  return with_verdict(certificate, verdict);
}

}  // namespace stead::proxy
