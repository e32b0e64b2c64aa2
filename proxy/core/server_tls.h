#pragma once
// TLS towards clients: certificate, key and, for sign-in by certificate, the CA and revocation lists of clients.
#include <boost/asio/ssl/context.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "proxy/config/config.h"
#include "sspi_shim/base/problem.h"

namespace stead::proxy {

struct ClientCertificate {
  std::vector<std::uint8_t> der;  // empty: none, or it did not verify
  std::string error;              // X509_verify_cert_error_string: why it did not verify
  std::string name;               // for the log: "CN=alice,DC=example serial 1002"; empty: none was sent
};

// Immutable after open(). When the files change, the server opens another ServerTls; each connection keeps the one of
// its handshake.
//
// A client certificate is requested and never required: each request's route decides whether it needs one. It must
// verify against `certificate_ca` for the purpose of a TLS client. If revocation lists are configured, the list of the
// certificate's own issuer is required and must not be past its next update. An intermediate CA is checked only if the
// list of its issuer is configured.
class ServerTls {
 public:
  // Null if the configuration names no certificate. Blocking.
  [[nodiscard]] static Checked<std::shared_ptr<ServerTls>> open(const Config& config);
  [[nodiscard]] static std::vector<std::string> files(const Config& config);  // that open() reads
  [[nodiscard]] boost::asio::ssl::context& context() { return context_; }
  [[nodiscard]] const std::string& bindings() const { return bindings_; }  // tls_server_end_point of the certificate
  // One line for each certificate or revocation list outside its validity period.
  [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }
  // True if the connection is one for this host: the client asked for it (SNI), or the certificate is for it too. Over
  // HTTP/2, clients use one connection for every host that the certificate is for. `host`: lower case.
  [[nodiscard]] static bool covers(SSL* ssl, const std::string& host);
  [[nodiscard]] static bool speaks_http_2(SSL* ssl);  // by ALPN
  // The client's certificate with the verdict of the handshake.
  [[nodiscard]] static ClientCertificate client_certificate_of(SSL* ssl);
  // The same with a new verdict by this object's files, for a connection whose handshake used older ones.
  [[nodiscard]] ClientCertificate verify_again(SSL* ssl);

 private:
  Checked<void> use_server_certificate(const Config& config);
  Checked<void> use_client_certificates(const Config& config);
  Checked<void> use_revocation_list(const std::string& file);
  [[nodiscard]] bool add_revocation_list(X509_CRL* crl, const std::string& file);  // takes ownership of `crl`

  boost::asio::ssl::context context_{boost::asio::ssl::context::tls_server};
  std::string bindings_;
  std::vector<std::string> warnings_;
};

}  // namespace stead::proxy
