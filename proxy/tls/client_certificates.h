#pragma once
// Certificates of clients, for sign-in by certificate: which hosts ask for one, and whether one is good.
//
// A client certificate is requested and never required: each request's route decides whether it needs one. It must
// verify against `certificate_ca` for the purpose of a TLS client. If revocation lists are configured, the list of the
// certificate's own issuer is required and must not be past its next update. An intermediate CA is checked only if the
// list of its issuer is configured.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/config/config.h"
#include "proxy/tls/openssl_pointers.h"
#include "sspi_shim/base/problem.h"

namespace stead::proxy {

struct ClientCertificate {
  std::vector<std::uint8_t> der;  // empty: none, or it did not verify
  std::string error;              // X509_verify_cert_error_string: why it did not verify
  std::string name;               // for the log: "CN=alice,DC=example serial 1002"; empty: none was sent
};

// The client's certificate with the verdict of the handshake.
[[nodiscard]] ClientCertificate client_certificate_of(SSL* ssl);

// The hosts with a route that signs in by certificate: only they ask clients for one, since browsers put the question to
// the user.
class CertificateHosts {
 public:
  explicit CertificateHosts(const std::vector<Route>& routes);
  // `name`: of SNI, in lower case. Without a name any host may follow, so that one that asks is enough.
  [[nodiscard]] bool ask(std::string_view name) const;

 private:
  bool any_host_ = false;                           // a route without a host
  std::vector<std::string> exact_, below_domains_;  // the latter: ".example.com", any number of labels before it
};

// Immutable after open().
class ClientCertificates {
 public:
  // Null if the configuration has no sign-in by certificate. Blocking.
  [[nodiscard]] static Checked<std::unique_ptr<ClientCertificates>> open(const Config& config,
                                                                         std::vector<std::string>& warnings);
  void use_in(SSL_CTX* context) const;
  [[nodiscard]] bool asked_by(std::string_view server_name) const { return hosts_.ask(server_name); }
  // client_certificate_of with a new verdict by this object's files, for a connection whose handshake used older ones.
  [[nodiscard]] ClientCertificate verify_again(SSL* ssl) const;

 private:
  explicit ClientCertificates(const Config& config);
  Checked<void> use_revocation_list(const std::string& file, std::vector<std::string>& warnings);
  [[nodiscard]] bool add_revocation_list(X509_CRL* crl, const std::string& file, std::vector<std::string>& warnings);

  CertificateHosts hosts_;
  std::string ca_;
  StorePtr store_;
  bool checks_revocation_ = false;
};

}  // namespace stead::proxy
