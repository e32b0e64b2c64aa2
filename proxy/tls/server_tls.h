#pragma once
// TLS towards clients. What the ClientHello says decides before anything else: the name in SNI chooses the certificate, and
// whether the client is asked for one of its own.
//
// Session tickets. A resumed session shows no certificates, so a ticket holds which of the proxy's own it stands for, and is
// used only where that certificate would be shown now. A client that is asked for a certificate neither gets a ticket nor
// may use one: its certificate is looked at in each handshake.
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "proxy/config/config.h"
#include "proxy/tls/certificate_index.h"
#include "proxy/tls/client_certificates.h"
#include "proxy/tls/own_certificate.h"
#include "proxy/tls/ticket_keys.h"
#include "sspi_shim/base/problem.h"

namespace stead::proxy {

class TlsListener;

// What a handshake found out. It has to live as long as the SSL object, whose app data points to it.
struct TlsHandshake {
  std::string server_name;                      // of SNI, in lower case; empty: none
  bool asks_for_certificate = false;            // the client was asked for a certificate
  const OwnCertificate* certificate = nullptr;  // of the proxy, that this connection, or the one it resumes, showed
  std::string_view bindings() const { return certificate != nullptr ? certificate->bindings : std::string_view{}; }
  // True if the connection is one for this host: the client asked for it, or the certificate is for it too. Over HTTP/2,
  // clients use one connection for every host that the certificate is for. `host`: lower case.
  [[nodiscard]] bool covers(const std::string& host) const {
    return server_name == host || (certificate != nullptr && certificate->is_for(host));
  }

 private:
  friend class TlsListener;
  const TlsListener* listener_ = nullptr;
  std::size_t set_ = 0;  // of the listener's certificates, from which the handshake takes one
};

// TLS at one listening address.
class TlsListener {
 public:
  // What all listeners share. The parts outlive them.
  struct Common {
    bool http2;
    const ClientCertificates* clients;  // null: clients are not asked for certificates
    TicketKeys& ticket_keys;
  };
  [[nodiscard]] static Checked<std::unique_ptr<TlsListener>> open(const TlsSettings& settings, Common common,
                                                                  std::vector<std::string>& warnings);
  // For SSL_new. The app data of the SSL object has to be `handshake`, after begin().
  [[nodiscard]] SSL_CTX& context() const { return *contexts_.front(); }
  void begin(TlsHandshake& handshake) const { handshake.listener_ = this; }
  // After the handshake.
  void finish(SSL* ssl, TlsHandshake& handshake) const;

 private:
  explicit TlsListener(Common common) : common_(common) {}
  Checked<void> make_contexts(const TlsSettings& settings);
  void set_callbacks(SSL_CTX* context) const;
  void choose(SSL* ssl, TlsHandshake& handshake) const;
  [[nodiscard]] const OwnCertificate* certificate_of(SSL* ssl) const;              // that this handshake showed
  [[nodiscard]] const OwnCertificate* certificate_of(SSL_SESSION* session) const;  // that began a session
  [[nodiscard]] bool may_resume(SSL_SESSION* session, const TlsHandshake& handshake) const;

  // Callbacks of OpenSSL.
  static TlsHandshake* handshake_of(SSL* ssl);
  static int on_client_hello(SSL* ssl, int* alert, void*) noexcept;
  static int on_server_name(SSL* ssl, int*, void*) noexcept;
  static int on_ticket_key(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac,
                           int making) noexcept;
  static int on_new_ticket(SSL* ssl, void*) noexcept;
  static SSL_TICKET_RETURN on_ticket(SSL* ssl, SSL_SESSION* session, const unsigned char*, std::size_t,
                                     SSL_TICKET_STATUS status, void*) noexcept;
  static int on_status_request(SSL* ssl, void*) noexcept;

  const Common common_;
  std::vector<std::unique_ptr<OwnCertificate>> certificates_;
  std::unique_ptr<CertificateIndex> index_;
  std::vector<SslContextPtr> contexts_;  // one for each of the index's sets
};

// Immutable after open(). When the files change, the server opens another ServerTls; each connection keeps the one of
// its handshake.
class ServerTls {
 public:
  // Null if the configuration names no certificate. `own_keys`: of session tickets, where the configuration names no file
  // for them. Blocking.
  [[nodiscard]] static Checked<std::shared_ptr<ServerTls>> open(const Config& config,
                                                                std::shared_ptr<TicketKeys> own_keys);
  [[nodiscard]] static std::vector<std::string> files(const Config& config);  // that open() reads
  // Null: plain HTTP.
  [[nodiscard]] const TlsListener* at(const Endpoint& listener) const;
  // One line for each certificate or revocation list outside its validity period.
  [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }
  [[nodiscard]] static bool speaks_http_2(SSL* ssl);  // by ALPN
  // The client's certificate with a new verdict by this object's files.
  [[nodiscard]] ClientCertificate verify_again(SSL* ssl) const {
    return clients_ ? clients_->verify_again(ssl) : ClientCertificate{};
  }

 private:
  std::vector<std::string> warnings_;
  std::shared_ptr<TicketKeys> ticket_keys_;
  std::unique_ptr<ClientCertificates> clients_;
  std::unique_ptr<TlsListener> default_;  // null: plain HTTP
  std::vector<std::pair<Endpoint, std::unique_ptr<TlsListener>>> others_;
};

}  // namespace stead::proxy
