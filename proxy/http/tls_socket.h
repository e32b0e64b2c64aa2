#pragma once
// TLS over a TCP socket, with the operations of asio's ssl::stream. OpenSSL reads from the socket itself and waits for
// it by the event loop. So an idle connection has no buffers: ssl::stream keeps 68 KiB for each.
#include <openssl/ssl.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/compose.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream_base.hpp>
#include <cstddef>
#include <memory>
#include <utility>

#include "stead/result.h"

namespace stead::proxy {

// One read and one write may wait at the same time, all on one thread. The socket is non-blocking, is owned by the
// caller, and may be closed at any time: operations then end with an error.
class TlsSocket {
 public:
  using executor_type = boost::asio::ip::tcp::socket::executor_type;
  TlsSocket(boost::asio::ip::tcp::socket& socket, SSL_CTX& context);

  [[nodiscard]] executor_type get_executor() { return socket_.get_executor(); }
  [[nodiscard]] SSL* native_handle() const { return ssl_.get(); }

  template <class Token>
  auto async_handshake(boost::asio::ssl::stream_base::handshake_type type, Token&& token) {
    const bool server = type == boost::asio::ssl::stream_base::server;
    server ? SSL_set_accept_state(ssl_.get()) : SSL_set_connect_state(ssl_.get());
    return without_size([this] { return do_handshake(); }, std::forward<Token>(token));
  }
  // Sends close_notify; does not wait for the peer's.
  template <class Token>
  auto async_shutdown(Token&& token) {
    return without_size([this] { return send_close_notify(); }, std::forward<Token>(token));
  }
  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    const boost::asio::mutable_buffer room = first_of<boost::asio::mutable_buffer>(buffers);
    return with_size([this, room] { return read(room.data(), room.size()); }, std::forward<Token>(token));
  }
  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    const boost::asio::const_buffer text = first_of<boost::asio::const_buffer>(buffers);
    return with_size([this, text] { return write(text.data(), text.size()); }, std::forward<Token>(token));
  }

 private:
  enum class Need { nothing, readable, writable };
  struct Attempt {
    Need need = Need::nothing;
    Error error{};
    std::size_t size = 0;
  };
  [[nodiscard]] Attempt attempt(int result) const;  // what OpenSSL's return value means
  [[nodiscard]] Attempt do_handshake();
  [[nodiscard]] Attempt send_close_notify();
  [[nodiscard]] Attempt read(void* data, std::size_t size);
  [[nodiscard]] Attempt write(const void* data, std::size_t size);

  // The first buffer that is not empty.
  template <class Buffer, class Buffers>
  static Buffer first_of(const Buffers& buffers) {
    for (auto at = boost::asio::buffer_sequence_begin(buffers); at != boost::asio::buffer_sequence_end(buffers); ++at)
      if (Buffer(*at).size() > 0) return Buffer(*at);
    return {};
  }

  // Attempts until nothing needs to be waited for. Never completes within the call that started it.
  template <class Try, class Complete>
  struct Operation {
    boost::asio::ip::tcp::socket& socket;
    Try attempt_once;
    Complete complete;
    Attempt last{};
    enum class Phase { first, waiting, posted } phase = Phase::first;

    template <class Self>
    void operator()(Self& self, Error error = {}) {
      const Phase was = std::exchange(phase, Phase::waiting);
      if (was != Phase::posted) last = error ? Attempt{.need = Need::nothing, .error = error} : attempt_once();
      if (was != Phase::posted && last.need != Need::nothing) {
        const bool readable = last.need == Need::readable;
        boost::asio::ip::tcp::socket& at = socket;
        at.async_wait(readable ? boost::asio::socket_base::wait_read : boost::asio::socket_base::wait_write,
                      std::move(self));
        return;
      }
      if (was == Phase::first) {
        phase = Phase::posted;
        auto executor = socket.get_executor();
        boost::asio::post(executor, std::move(self));
        return;
      }
      complete(self, last);
    }
  };
  template <class Try, class Token>
  auto without_size(Try attempt_once, Token&& token) {
    const auto complete = [](auto& self, const Attempt& last) { self.complete(last.error); };
    return boost::asio::async_compose<Token, void(Error)>(
        Operation<Try, decltype(complete)>{socket_, std::move(attempt_once), complete}, token, socket_);
  }
  template <class Try, class Token>
  auto with_size(Try attempt_once, Token&& token) {
    const auto complete = [](auto& self, const Attempt& last) { self.complete(last.error, last.size); };
    return boost::asio::async_compose<Token, void(Error, std::size_t)>(
        Operation<Try, decltype(complete)>{socket_, std::move(attempt_once), complete}, token, socket_);
  }

  struct FreeSsl {
    void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
  };
  boost::asio::ip::tcp::socket& socket_;
  std::unique_ptr<SSL, FreeSsl> ssl_;
};

}  // namespace stead::proxy
