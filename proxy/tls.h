#pragma once
// TLS towards clients and towards back ends. What is read from files never changes: files that changed make a new
// ServerTls, and connections keep the one of their handshake.
#include <boost/asio/ssl/context.hpp>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "proxy/config/config.h"

namespace stead::proxy {

// tls-server-end-point (RFC 5929 §4.1) of a certificate, as GSSAPI's application data: "tls-server-end-point:" and the
// hash. Empty where the certificate's signature names no hash.
[[nodiscard]] std::string end_point_bindings(const X509* certificate);

struct ClientCertificate {
  std::vector<std::uint8_t> der;  // empty: none, or it did not verify
  std::string error;              // X509_verify_cert_error_string: why it did not verify
  std::string name;               // for the log: "CN=alice,DC=example serial 1002"; empty: none was sent
};

// Client certificates are asked for and never required: which routes want one is decided request by request. They
// verify by `ca`, for the purpose of TLS clients, and by the revocation lists where there are any: the user's own
// issuer must have one that is not past its next update; an authority between that issuer and the root is checked where
// the list of its issuer is given.
class ServerTls {
 public:
  // Nothing where the configuration has no certificate: then `message` is empty. On failure it names the file.
  // Blocking.
  [[nodiscard]] static std::shared_ptr<ServerTls> open(const Config& config, std::string& message);
  [[nodiscard]] static std::vector<std::string> files(const Config& config);  // that open() reads
  [[nodiscard]] boost::asio::ssl::context& context() { return context_; }
  [[nodiscard]] const std::string& bindings() const { return bindings_; }
  [[nodiscard]] const std::vector<std::string>& warnings() const {
    return warnings_;
  }  // each a line: what is past its time
  // As the handshake found it, on a connection of this context.
  [[nodiscard]] static ClientCertificate client_certificate_of(SSL* ssl);
  // By what was read here, for a connection whose handshake knew older files.
  [[nodiscard]] ClientCertificate judge_again(SSL* ssl);

 private:
  bool use_client_certificates(const Config& config, std::string& message);
  bool use_revocation_list(const std::string& file, std::string& message);

  boost::asio::ssl::context context_{boost::asio::ssl::context::tls_server};
  std::string bindings_;
  std::vector<std::string> warnings_;
};

class UpstreamTls {
 public:
  [[nodiscard]] static std::unique_ptr<UpstreamTls> open(const Config& config, std::string& message);
  [[nodiscard]] boost::asio::ssl::context& context(const std::string& ca) { return *contexts_.at(ca); }

 private:
  std::map<std::string, std::unique_ptr<boost::asio::ssl::context>> contexts_;  // by CA file; "": the system's
};

}  // namespace stead::proxy
