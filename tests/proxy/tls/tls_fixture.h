#pragma once
// TLS handshakes in memory between OpenSSL as a client and the proxy's listeners, with certificates made here.
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "proxy/tls/server_tls.h"

namespace stead::proxy::test {

struct CertificateOf {
  std::string stem;
  std::vector<std::string> names;
  const char* key = "P-256";  // a curve, or "RSA"
  long ends_in = 3600;        // seconds
};

// Files in a folder of their own.
class TlsFiles {
 public:
  TlsFiles() {
    std::string name = (std::filesystem::temp_directory_path() / "tls-XXXXXX").string();
    folder_ = mkdtemp(name.data());
  }
  ~TlsFiles() { std::filesystem::remove_all(folder_); }
  TlsFiles(const TlsFiles&) = delete;
  TlsFiles& operator=(const TlsFiles&) = delete;

  // Self-signed.
  CertificateFiles make(const CertificateOf& what) {
    const KeyPtr key(std::string_view(what.key) == "RSA" ? EVP_RSA_gen(2048) : EVP_EC_gen(what.key));
    const X509Ptr certificate(X509_new());
    X509_set_version(certificate.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), ++serial_);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -7200);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), what.ends_in);
    X509_set_pubkey(certificate.get(), key.get());
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(what.stem.c_str()), -1, -1, 0);
    X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate.get()));
    std::string names;
    for (const std::string& name : what.names) names += (names.empty() ? "DNS:" : ",DNS:") + name;
    if (!names.empty()) {
      X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names.c_str());
      X509_add_ext(certificate.get(), extension, -1);
      X509_EXTENSION_free(extension);
    }
    X509_sign(certificate.get(), key.get(), EVP_sha256());
    CertificateFiles out{.certificate = folder_ + '/' + what.stem + ".crt",
                         .key = folder_ + '/' + what.stem + ".key",
                         .ocsp = {},
                         .where = "proxy.toml:2:1"};
    const BioPtr certificate_file(BIO_new_file(out.certificate.c_str(), "wb"));
    PEM_write_bio_X509(certificate_file.get(), certificate.get());
    const BioPtr key_file(BIO_new_file(out.key.c_str(), "wb"));
    PEM_write_bio_PrivateKey(key_file.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    return out;
  }
  [[nodiscard]] std::string path(const std::string& name) const { return folder_ + '/' + name; }

 private:
  std::string folder_;
  long serial_ = 0;
};

using SslPtr = std::unique_ptr<SSL, FreeWith<SSL_free>>;
using SessionPtr = std::unique_ptr<SSL_SESSION, FreeWith<SSL_SESSION_free>>;

struct ClientWants {
  std::string name{};  // SNI
  int version = 0;     // 0: any
  const char* signatures = nullptr;
  const CertificateFiles* certificate = nullptr;
  SSL_SESSION* session = nullptr;
  bool asks_status = false;  // OCSP
};

// One connection, both ends. `good`: the handshake succeeded, and an octet went each way.
struct Connection {
  SslPtr client, server;
  TlsHandshake handshake;
  bool good = false;
  SessionPtr session{};  // for the next connection; null: the client got no ticket
  std::string shown{};   // the common name of the certificate that the client saw
  [[nodiscard]] bool resumed() const { return SSL_session_reused(client.get()) == 1; }
};

inline int keep_session(SSL* ssl, SSL_SESSION* session) {
  static_cast<Connection*>(SSL_get_app_data(ssl))->session.reset(session);
  return 1;
}

inline std::unique_ptr<Connection> connect(const TlsListener& listener, const ClientWants& wants = {}) {
  auto out = std::make_unique<Connection>();
  const SslContextPtr context(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context.get(), keep_session);
  if (wants.certificate != nullptr) {
    SSL_CTX_use_certificate_file(context.get(), wants.certificate->certificate.c_str(), SSL_FILETYPE_PEM);
    SSL_CTX_use_PrivateKey_file(context.get(), wants.certificate->key.c_str(), SSL_FILETYPE_PEM);
  }
  out->client.reset(SSL_new(context.get()));
  out->server.reset(SSL_new(&listener.context()));
  SSL* const client = out->client.get();
  SSL* const server = out->server.get();
  SSL_set_app_data(client, out.get());
  SSL_set_app_data(server, &out->handshake);
  listener.begin(out->handshake);
  if (!wants.name.empty()) SSL_set_tlsext_host_name(client, wants.name.c_str());
  if (wants.version != 0) SSL_set_min_proto_version(client, wants.version);
  if (wants.version != 0) SSL_set_max_proto_version(client, wants.version);
  if (wants.signatures != nullptr) SSL_set1_sigalgs_list(client, wants.signatures);
  if (wants.asks_status) SSL_set_tlsext_status_type(client, TLSEXT_STATUSTYPE_ocsp);
  // A copy: OpenSSL uses a session of TLS 1.3 once.
  const SessionPtr session(wants.session != nullptr ? SSL_SESSION_dup(wants.session) : nullptr);
  if (session) SSL_set_session(client, session.get());
  BIO *client_end = nullptr, *server_end = nullptr;
  BIO_new_bio_pair(&client_end, 65536, &server_end, 65536);
  SSL_set_bio(client, client_end, client_end);
  SSL_set_bio(server, server_end, server_end);
  SSL_set_connect_state(client);
  SSL_set_accept_state(server);
  int client_done = 0, server_done = 0;
  for (int i = 0; i < 20 && (client_done != 1 || server_done != 1); ++i) {
    client_done = SSL_do_handshake(client);
    server_done = SSL_do_handshake(server);
  }
  char octet = 'x';
  out->good = client_done == 1 && server_done == 1 && SSL_write(server, &octet, 1) == 1 &&
              SSL_read(client, &octet, 1) == 1 && SSL_write(client, &octet, 1) == 1 && SSL_read(server, &octet, 1) == 1;
  if (!out->good) return out;
  listener.finish(server, out->handshake);
  if (const X509* const shown = SSL_get0_peer_certificate(client)) {
    char name[64] = "";
    X509_NAME_get_text_by_NID(X509_get_subject_name(shown), NID_commonName, name, sizeof name);
    out->shown = name;
  }
  return out;
}

// ServerTls for a configuration of one listener.
struct Served {
  Config config;
  std::shared_ptr<TicketKeys> keys = std::make_shared<TicketKeys>();
  std::shared_ptr<ServerTls> tls{};
  explicit Served(std::vector<CertificateFiles> certificates, TlsPolicy policy = TlsPolicy::intermediate) {
    config.tls = {.certificates = std::move(certificates), .policy = policy};
    config.listen.push_back({.address = "127.0.0.1", .port = 443});
  }
  const TlsListener& listener() {
    if (!tls) tls = ServerTls::open(config, keys).value();
    return *tls->at(config.listen.front());
  }
};

}  // namespace stead::proxy::test
