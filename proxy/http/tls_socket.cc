#include "proxy/http/tls_socket.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <sys/socket.h>

#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <cerrno>
#include <cstddef>
#include <memory>
#include <new>

namespace stead::proxy {

namespace asio = boost::asio;

namespace {

// OpenSSL's own socket BIO keeps the descriptor's number, which another connection may have after close(), and its
// writes raise SIGPIPE.
int bio_transfer(BIO* bio, ssize_t n) {
  BIO_clear_retry_flags(bio);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return -1;
  return n < 0 ? -2 : static_cast<int>(n);
}

asio::ip::tcp::socket* open_socket_of(BIO* bio) {
  auto* const socket = static_cast<asio::ip::tcp::socket*>(BIO_get_data(bio));
  return socket != nullptr && socket->is_open() ? socket : nullptr;
}

int bio_read(BIO* bio, char* data, int size) {
  asio::ip::tcp::socket* const socket = open_socket_of(bio);
  if (socket == nullptr || data == nullptr) return -1;
  const int n = bio_transfer(bio, ::recv(socket->native_handle(), data, static_cast<std::size_t>(size), MSG_DONTWAIT));
  if (n == -1) BIO_set_retry_read(bio);
  return n < 0 ? -1 : n;
}

int bio_write(BIO* bio, const char* data, int size) {
  asio::ip::tcp::socket* const socket = open_socket_of(bio);
  if (socket == nullptr || data == nullptr) return -1;
  const int n = bio_transfer(
      bio, ::send(socket->native_handle(), data, static_cast<std::size_t>(size), MSG_NOSIGNAL | MSG_DONTWAIT));
  if (n == -1) BIO_set_retry_write(bio);
  return n < 0 ? -1 : n;
}

long bio_control(BIO*, int command, long, void*) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

const BIO_METHOD* socket_method() {
  static const BIO_METHOD* const method = [] {
    BIO_METHOD* const made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "stead socket");
    if (made == nullptr) throw std::bad_alloc();
    BIO_meth_set_read(made, bio_read);
    BIO_meth_set_write(made, bio_write);
    BIO_meth_set_ctrl(made, bio_control);
    return made;
  }();
  return method;
}

}  // namespace

TlsSocket::TlsSocket(asio::ip::tcp::socket& socket, SSL_CTX& context) : socket_(socket), ssl_(SSL_new(&context)) {
  BIO* const bio = BIO_new(socket_method());
  if (!ssl_ || bio == nullptr) {
    BIO_free(bio);
    throw std::bad_alloc();
  }
  BIO_set_data(bio, &socket_);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_mode(ssl_.get(),
               SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_set_options(ssl_.get(), SSL_OP_CLEANSE_PLAINTEXT);  // passwords must not stay in its buffers
  SSL_set_read_ahead(ssl_.get(), 1);
}

TlsSocket::Attempt TlsSocket::attempt(int result) const {
  if (result > 0) return {};
  const int system = errno;
  const int what = SSL_get_error(ssl_.get(), result);
  if (!socket_.is_open()) return {.need = Need::nothing, .error = asio::error::operation_aborted};
  switch (what) {
    case SSL_ERROR_WANT_READ:
      return {.need = Need::readable};
    case SSL_ERROR_WANT_WRITE:
      return {.need = Need::writable};
    case SSL_ERROR_ZERO_RETURN:
      return {.need = Need::nothing, .error = asio::error::eof};
    default:
      break;
  }
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (ERR_GET_LIB(code) == ERR_LIB_SSL && ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING)
    return {.need = Need::nothing, .error = asio::ssl::error::stream_truncated};
  if (code != 0)
    return {.need = Need::nothing, .error = Error(static_cast<int>(code), asio::error::get_ssl_category())};
  if (system != 0) return {.need = Need::nothing, .error = Error(system, boost::system::system_category())};
  return {.need = Need::nothing, .error = asio::ssl::error::stream_truncated};
}

TlsSocket::Attempt TlsSocket::do_handshake() {
  ERR_clear_error();
  errno = 0;
  return attempt(SSL_do_handshake(ssl_.get()));
}

TlsSocket::Attempt TlsSocket::send_close_notify() {
  ERR_clear_error();
  errno = 0;
  const int result = SSL_shutdown(ssl_.get());
  return result < 0 ? attempt(result) : Attempt{};  // 0: the peer's close_notify has not come yet
}

TlsSocket::Attempt TlsSocket::read(void* data, std::size_t size) {
  ERR_clear_error();
  errno = 0;
  std::size_t n = 0;
  Attempt out = attempt(SSL_read_ex(ssl_.get(), data, size, &n));
  out.size = n;
  return out;
}

TlsSocket::Attempt TlsSocket::write(const void* data, std::size_t size) {
  if (size == 0) return {};
  ERR_clear_error();
  errno = 0;
  std::size_t n = 0;
  Attempt out = attempt(SSL_write_ex(ssl_.get(), data, size, &n));
  out.size = n;
  return out;
}

}  // namespace stead::proxy
