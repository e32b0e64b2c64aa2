#pragma once
// A client's connection, whatever is spoken on it: the socket, TLS, and what the proxy knows of the client by them.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <string>
#include <string_view>

#include "proxy/core/address_key.h"
#include "proxy/core/client_connections.h"
#include "proxy/core/core.h"
#include "proxy/http/message_head.h"
#include "proxy/http/stream.h"
#include "proxy/tls/server_tls.h"

namespace stead::proxy {

// Where a connection came in. clients: at `listen`. proxies: at `auth_listen`, where another proxy asks who the user of
// its request is, and speaks for its clients; on loopback without TLS.
enum class Door { clients, proxies, proxies_on_loopback };
struct CameIn {
  Door door = Door::clients;
  Endpoint listener{};  // the proxy's address, as the configuration has it
};

// The client's own address and protocol. Where a proxy in front of us is trusted, what it says; else the connection's.
struct ClientOrigin {
  std::string address;
  AddressKey key{};  // of the address
  bool https = false;
};

struct ClientConnection {
  // `address`: the client's. That of the socket, or what a load balancer said by the PROXY protocol.
  ClientConnection(Core& owner, boost::asio::ip::tcp::socket socket, const boost::asio::ip::address& address,
                   CameIn from = {});
  ~ClientConnection();
  ClientConnection(const ClientConnection&) = delete;
  ClientConnection& operator=(const ClientConnection&) = delete;

  Core& core;
  Stream stream;
  ClientConnections::Place place;
  ReadBuffer buffer;
  const CameIn came_in;
  std::string remote;  // the client's address
  bool is_trusted_proxy = false;
  ClientCertificate certificate;

  // The TLS handshake, if the listener has a certificate. False: it failed.
  [[nodiscard]] boost::asio::awaitable<bool> open();
  // A certificate may be revoked while its connection stays open. Called for each request.
  void check_certificate_again(const Generation& generation);

  [[nodiscard]] std::string_view channel_bindings() const { return handshake_.bindings(); }
  [[nodiscard]] std::string_view tls_version() const;  // "TLSv1.3"; empty: plain HTTP
  // False: over HTTP/2 a request is for a host that this connection's certificate does not name (RFC 9113 §9.1.2).
  [[nodiscard]] bool is_for(const std::string& host);
  // The address is there to redirect clients to https, and for nothing else.
  [[nodiscard]] bool only_redirects() const { return only_redirects_; }
  // True if the client was never asked for a certificate, since the name in SNI is of a host that does not ask.
  [[nodiscard]] bool lacks_certificate_request() const { return stream.tls() && !handshake_.asks_for_certificate; }
  [[nodiscard]] ClientOrigin origin_of(const RequestHead& head, const Config& config) const;

 private:
  void believe_x_forwarded(const RequestHead& head, const Config& config, ClientOrigin& out) const;
  void believe_forwarded(const RequestHead& head, const Config& config, ClientOrigin& out) const;

  const AddressKey key_;            // of `remote`
  std::shared_ptr<ServerTls> tls_;  // of the handshake
  TlsHandshake handshake_;
  bool only_redirects_ = false;
  std::string last_host_;                    // that is_for() accepted
  std::shared_ptr<ServerTls> certified_by_;  // whose files gave the last verdict on the certificate
};

}  // namespace stead::proxy
