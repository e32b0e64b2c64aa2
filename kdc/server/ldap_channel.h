#pragma once
// What an LDAP connection reads and writes: whole messages, through TLS and through the security layer of a SASL bind.
#include <boost/asio/ssl.hpp>
#include <cstddef>
#include <memory>
#include <optional>

#include "kdc/ldap/sasl_bind.h"
#include "kdc/server/server_core.h"

namespace stead::kdc {

// Null: the DC has no certificate.
using TlsContext = std::shared_ptr<asio::ssl::context>;
// Reads the DC's certificate and key.
[[nodiscard]] Checked<TlsContext> make_tls_context(const Controller& controller);

class LdapChannel {
 public:
  // The socket must outlive it.
  explicit LdapChannel(asio::ip::tcp::socket& socket) : socket_(socket), chunk_(kChunk) {}

  // One LDAPMessage. Fails with asio's errors, or with a WireErrc if the peer's bytes are no LDAP, the message is longer
  // than `limit`, or its protection is broken.
  [[nodiscard]] asio::awaitable<Result<Buffer>> read_message(std::size_t limit);
  // False: the connection failed.
  [[nodiscard]] asio::awaitable<bool> write(Buffer messages);

  // False: the handshake failed.
  [[nodiscard]] asio::awaitable<bool> start_tls(TlsContext context);
  void start_layer(std::unique_ptr<SecurityLayer> layer) { layer_ = std::move(layer); }
  // True if bytes have arrived that no message read so far has: they must not be there when the protection changes,
  // since they were sent without it.
  [[nodiscard]] bool has_unread() const { return !plain_.empty() || !wrapped_.empty(); }
  [[nodiscard]] bool has_tls() const { return tls_.has_value(); }
  [[nodiscard]] bool has_layer() const { return layer_ != nullptr; }
  // Nobody else reads what is sent: TLS, or a layer that seals.
  [[nodiscard]] bool is_confidential() const;

 private:
  static constexpr std::size_t kChunk = 8192;

  [[nodiscard]] asio::awaitable<Error> read_some();
  // Moves the buffers that are complete in `wrapped_` to `plain_`.
  [[nodiscard]] Error unwrap();

  asio::ip::tcp::socket& socket_;
  TlsContext context_;
  std::optional<asio::ssl::stream<asio::ip::tcp::socket&>> tls_;
  std::unique_ptr<SecurityLayer> layer_;
  Buffer chunk_, wrapped_, plain_;
};

}  // namespace stead::kdc
