#pragma once
// TLS towards clients and towards back ends. Certificates and keys are read once, before anything is served.
#include <boost/asio/ssl/context.hpp>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "proxy/config.h"

namespace stead::proxy {

// tls-server-end-point (RFC 5929 §4.1) of a certificate, as GSSAPI's application data: "tls-server-end-point:" and the hash. Empty
// where the certificate's signature names no hash.
[[nodiscard]] std::string end_point_bindings(const X509* certificate);

struct ClientCertificate {
  std::vector<std::uint8_t> der;  // empty: none, or it did not verify
  std::string error;              // why it did not verify
};
[[nodiscard]] ClientCertificate client_certificate_of(SSL* ssl);

class ServerTls {
 public:
  // Nothing where the configuration has no certificate: then `message` is empty. On failure it names the file.
  [[nodiscard]] static std::unique_ptr<ServerTls> open(const Config& config, std::string& message);
  [[nodiscard]] boost::asio::ssl::context& context() { return context_; }
  [[nodiscard]] const std::string& bindings() const { return bindings_; }

 private:
  boost::asio::ssl::context context_{boost::asio::ssl::context::tls_server};
  std::string bindings_;
};

class UpstreamTls {
 public:
  [[nodiscard]] static std::unique_ptr<UpstreamTls> open(const Config& config, std::string& message);
  [[nodiscard]] boost::asio::ssl::context& context(const std::string& ca) { return *contexts_.at(ca); }

 private:
  std::map<std::string, std::unique_ptr<boost::asio::ssl::context>> contexts_;  // by CA file; "": the system's
};

}  // namespace stead::proxy
