#pragma once
// HTTP/2 on one client's connection. One coroutine reads, one writes, and each stream has one of its own, all on the
// connection's core. Streams are requests of their own: each is routed and signed in by its own fields, and nothing that
// one user's request brings stays for the next one. Only the client certificate belongs to the connection.
//
// A Negotiate exchange of several tokens belongs to a connection whose requests follow one another (RFC 4559 §6). Over
// HTTP/2 they do not, so such a request is reset with HTTP_1_1_REQUIRED, and browsers repeat it over HTTP/1.1. A token
// that signs in by itself, as Kerberos' does, works over both.
//
// A stream that the client resets frees its place at once, while its coroutine may still end a request to a back end. So
// there are at most twice as many coroutines as streams; a further stream is refused, which tells the client to try again.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "proxy/core/drain_listener.h"
#include "proxy/http2/exchange.h"
#include "proxy/http2/session.h"
#include "proxy/serve/client_connection.h"
#include "proxy/serve/request.h"

namespace stead::proxy {

class Http2Connection final : public std::enable_shared_from_this<Http2Connection>,
                              private Http2Session::Handler,
                              private DrainListener {
 public:
  // `connection` is open. The coroutines of streams share this object, so it is made by std::make_shared.
  explicit Http2Connection(std::unique_ptr<ClientConnection> connection);
  Http2Connection(const Http2Connection&) = delete;
  Http2Connection& operator=(const Http2Connection&) = delete;
  // Serves until the client leaves or violates the protocol, or the core has drained.
  [[nodiscard]] boost::asio::awaitable<void> run();

 private:
  using Memory = std::unique_ptr<RequestMemory>;
  class Serving;  // a stream's coroutine, as long as it exists

  void request_arrived(Http2StreamPtr stream) override;
  void malformed_frame() override;
  void begin_drain() override;

  boost::asio::awaitable<void> read_all();
  boost::asio::awaitable<void> write_all();
  boost::asio::awaitable<void> serve(Http2StreamPtr stream, std::unique_ptr<Serving> serving);
  boost::asio::awaitable<void> end_drain();  // the second GOAWAY
  void write_soon();
  void set_read_deadline();
  void say_goodbye();
  void report_flood() const;
  void release_memory();

  const std::unique_ptr<ClientConnection> owned_;
  ClientConnection& connection_;
  Core& core_;
  const std::size_t max_serving_;
  Http2Session session_;
  Http2Exchange::Connection shared_;
  std::string pending_, writing_;  // octets for the client
  boost::asio::steady_timer write_timer_, ended_timer_,
      drain_timer_;  // never expire but drain_timer_; cancelled to wake
  bool writer_waits_ = false, reading_ = true, broken_ = false;
  Clock::time_point block_began_{};  // of the header block that has begun and not ended
  std::size_t serving_ = 0;          // coroutines of streams
  std::vector<Memory> spare_;
};

// The limits of one connection.
[[nodiscard]] Http2Options http2_options(const Limits& limits);

}  // namespace stead::proxy
