#include "proxy/tls.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <array>
#include <string_view>
#include <system_error>

namespace stead::proxy {
namespace {

namespace ssl = boost::asio::ssl;

// What OpenSSL complained of first: in words of ours where its own do not tell what is wrong with a file, else in its
// words.
std::string openssl_error() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (ERR_SYSTEM_ERROR(code)) return "cannot be read: " + std::system_category().message(ERR_GET_REASON(code));
  const int library = ERR_GET_LIB(code), reason = ERR_GET_REASON(code);
  if ((library == ERR_LIB_PEM && reason == PEM_R_NO_START_LINE) ||
      (library == ERR_LIB_OSSL_DECODER && reason == ERR_R_UNSUPPORTED))
    return "there is none in PEM form in this file";
  if (library == ERR_LIB_X509 && reason == X509_R_KEY_VALUES_MISMATCH) return "it is not this certificate's";
  if (reason == ERR_R_INTERRUPTED_OR_CANCELLED || (library == ERR_LIB_PEM && reason == PEM_R_BAD_PASSWORD_READ))
    return "it has a passphrase, which nobody can give here";
  const char* words = code != 0 ? ERR_reason_error_string(code) : nullptr;
  return words != nullptr ? words : "cannot be read";
}

// A passphrase would be asked for at a terminal, where nobody may sit.
int no_passphrase(char*, int, int, void*) {
  return -1;
}

int choose_http_1_1(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in, unsigned in_size,
                    void*) {
  static constexpr std::array<unsigned char, 9> kOurs{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, kOurs.data(), kOurs.size(), in, in_size) != OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_NOACK;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

// The first fault is the verdict. A list that an authority above the user's issuer lacks is none: see the header.
int stop_at_fault(int good, X509_STORE_CTX* store) {
  if (good == 1) return 1;
  if (X509_STORE_CTX_get_error(store) != X509_V_ERR_UNABLE_TO_GET_CRL || X509_STORE_CTX_get_error_depth(store) == 0)
    return 0;
  X509_STORE_CTX_set_error(store, X509_V_OK);
  return 1;
}

// The handshake goes on whatever the verdict is; OpenSSL keeps it.
int judge(X509_STORE_CTX* store, void*) {
  X509_STORE_CTX_set_verify_cb(store, stop_at_fault);
  if (X509_verify_cert(store) != 1 && X509_STORE_CTX_get_error(store) == X509_V_OK)
    X509_STORE_CTX_set_error(store, X509_V_ERR_UNSPECIFIED);
  return 1;
}

using BioPtr = std::unique_ptr<BIO, decltype(&BIO_free)>;
using CrlPtr = std::unique_ptr<X509_CRL, decltype(&X509_CRL_free)>;

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}
std::string name_of(const X509_NAME* name) {
  const BioPtr bio(BIO_new(BIO_s_mem()), BIO_free);
  X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
  return text_of(bio.get());
}
std::string name_of(const X509* certificate) {
  constexpr std::size_t kLongest = 300;
  const BioPtr serial(BIO_new(BIO_s_mem()), BIO_free);
  i2a_ASN1_INTEGER(serial.get(), X509_get0_serialNumber(certificate));
  return name_of(X509_get_subject_name(certificate)).substr(0, kLongest) + " serial " + text_of(serial.get());
}

std::string text_of(const ASN1_TIME* time) {
  const BioPtr bio(BIO_new(BIO_s_mem()), BIO_free);
  ASN1_TIME_print(bio.get(), time);
  return text_of(bio.get());
}
// Empty: a client whose clock is right takes it.
std::string time_fault(const X509* certificate) {
  if (X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0)
    return "ended " + text_of(X509_get0_notAfter(certificate));
  if (X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0)
    return "does not hold before " + text_of(X509_get0_notBefore(certificate));
  return {};
}

ClientCertificate with_verdict(const X509* certificate, long verdict) {
  ClientCertificate out;
  if (certificate == nullptr) return out;
  out.name = name_of(certificate);
  if (verdict != X509_V_OK) {
    out.error = X509_verify_cert_error_string(verdict);
    return out;
  }
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate, &der);
  if (size > 0) out.der.assign(der, der + size);
  OPENSSL_free(der);
  return out;
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

bool ServerTls::use_revocation_list(const std::string& file, std::string& message) {
  const BioPtr bio(BIO_new_file(file.c_str(), "rb"), BIO_free);
  int found = 0;
  const auto use = [&](X509_CRL* crl) {
    const CrlPtr owned(crl, X509_CRL_free);
    const ASN1_TIME* const next = X509_CRL_get0_nextUpdate(crl);
    if (next != nullptr && X509_cmp_current_time(next) < 0)
      warnings_.push_back(file + ": the revocation list of " + name_of(X509_CRL_get_issuer(crl)) +
                          " is past its next update: certificates of this issuer are refused");
    return X509_STORE_add_crl(SSL_CTX_get_cert_store(context_.native_handle()), crl) == 1 && ++found > 0;
  };
  if (bio) {
    bool good = true;
    while (X509_CRL* const crl = good ? PEM_read_bio_X509_CRL(bio.get(), nullptr, nullptr, nullptr) : nullptr)
      good = use(crl);
    // The end of the file is no fault; a block that cannot be read is.
    const unsigned long code = ERR_peek_last_error();
    if (good && found > 0 && ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE) {
      ERR_clear_error();
      return true;
    }
    if (found == 0 && BIO_reset(bio.get()) == 0) {  // as authorities publish them: DER
      ERR_clear_error();
      X509_CRL* const crl = d2i_X509_CRL_bio(bio.get(), nullptr);
      if (crl != nullptr && use(crl)) return true;
    }
  }
  message = file + ": the revocation list of client certificates: " + openssl_error();
  return false;
}

bool ServerTls::use_client_certificates(const Config& config, std::string& message) {
  SSL_CTX* const context = context_.native_handle();
  if (SSL_CTX_load_verify_locations(context, config.certificate_ca.c_str(), nullptr) != 1) {
    message = config.certificate_ca + ": the CA of client certificates: " + openssl_error();
    return false;
  }
  if (STACK_OF(X509_NAME)* const names = SSL_load_client_CA_file(config.certificate_ca.c_str()))
    SSL_CTX_set_client_CA_list(context, names);
  X509_VERIFY_PARAM* const parameters = SSL_CTX_get0_param(context);
  X509_VERIFY_PARAM_set_purpose(parameters, X509_PURPOSE_SSL_CLIENT);
  for (const std::string& file : config.certificate_crls)
    if (!use_revocation_list(file, message)) return false;
  if (!config.certificate_crls.empty())
    X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_cert_verify_callback(context, judge, nullptr);
  // A resumed session would bring back a verdict of its past.
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 0);
  return true;
}

ClientCertificate ServerTls::client_certificate_of(SSL* ssl) {
  return ssl != nullptr ? with_verdict(SSL_get0_peer_certificate(ssl), SSL_get_verify_result(ssl))
                        : ClientCertificate{};
}

ClientCertificate ServerTls::judge_again(SSL* ssl) {
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
    judge(store.get(), nullptr);
    verdict = X509_STORE_CTX_get_error(store.get());
  }
  ERR_clear_error();
  return with_verdict(certificate, verdict);
}

std::vector<std::string> ServerTls::files(const Config& config) {
  std::vector<std::string> out{config.certificate, config.key};
  if (config.certificate_sign_in) {
    out.push_back(config.certificate_ca);
    out.insert(out.end(), config.certificate_crls.begin(), config.certificate_crls.end());
  }
  return out;
}

std::shared_ptr<ServerTls> ServerTls::open(const Config& config, std::string& message) {
  message.clear();
  if (config.certificate.empty()) return nullptr;
  auto tls = std::make_shared<ServerTls>();
  SSL_CTX* const context = tls->context_.native_handle();
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20");
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_alpn_select_cb(context, choose_http_1_1, nullptr);
  SSL_CTX_set_default_passwd_cb(context, no_passphrase);
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
  SSL_CTX_set_session_id_context(context, reinterpret_cast<const unsigned char*>(kSessionContext.data()),
                                 kSessionContext.size());
  if (config.certificate_sign_in && !tls->use_client_certificates(config, message)) return nullptr;
  const X509* const certificate = SSL_CTX_get0_certificate(context);
  if (const std::string fault = time_fault(certificate); !fault.empty())
    tls->warnings_.push_back(config.certificate + ": the certificate of " +
                             name_of(X509_get_subject_name(certificate)) + " " + fault + ": clients refuse it");
  tls->bindings_ = end_point_bindings(certificate);
  return tls;
}

std::unique_ptr<UpstreamTls> UpstreamTls::open(const Config& config, std::string& message) {
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
    if (!loaded) {
      message = route.upstream_ca + ": the CA of upstreams: " + openssl_error();
      return nullptr;
    }
    tls->contexts_.emplace(route.upstream_ca, std::move(context));
  }
  return tls;
}

}  // namespace stead::proxy
