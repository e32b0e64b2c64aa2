#pragma once
// One connection, with TLS or without, and its deadlines. A timer for each read would cost more than the read itself:
// instead, each core's Watchdog checks its streams four times a second and closes those past their deadline.
#include <poll.h>

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "proxy/http/read_buffer.h"
#include "proxy/http/tls_socket.h"
#include "stead/result.h"

namespace stead::proxy {

using Clock = std::chrono::steady_clock;

class Stream;

class Watchdog {
 public:
  Watchdog() = default;
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;
  void sweep(Clock::time_point now);
  void close_idle();  // the streams marked by set_idle
  void close_all();

 private:
  friend class Stream;
  void look_for_peers_that_left(Clock::time_point now);

  Stream* first_ = nullptr;
  std::vector<pollfd> polled_;
  std::vector<Stream*> watched_;  // those of `polled_`
};

// How long, and for how much input, a closing connection waits for its peer.
struct Linger {
  std::chrono::milliseconds time{2000};
  std::size_t octets = 256 * 1024;
};

class Stream {
 public:
  Stream(boost::asio::ip::tcp::socket socket, Watchdog& watchdog);
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // One read and one write may wait at the same time. The end of the stream is asio::error::eof; after a missed
  // deadline timed_out() is true.
  boost::asio::awaitable<Error> read(ReadBuffer& buffer);  // at least one octet
  // The same for the hot path, without a coroutine frame: co_await it, then commit() the octets read. The buffer must
  // have room.
  [[nodiscard]] auto read_some(ReadBuffer& buffer) {
    char* const space = buffer.space();
    return boost::asio::async_initiate<const ReadToken, void(Error, std::size_t)>(
        [this](auto handler, boost::asio::mutable_buffer room) {
          if (tls_)
            tls_->async_read_some(room, std::move(handler));
          else
            socket_.async_read_some(room, std::move(handler));
        },
        kReadToken, boost::asio::mutable_buffer(space, buffer.space_size()));
  }
  // Until a read has something to do. An idle connection waits so, without a buffer.
  boost::asio::awaitable<Error> wait_readable();
  boost::asio::awaitable<Error> write(std::string_view first, std::string_view second = {},
                                      std::string_view third = {});
  // The same for the hot path. Most writes fit into the socket's buffer and need no coroutine. False: the caller awaits
  // write_rest(), and keeps the texts until then.
  [[nodiscard]] bool write_at_once(Error& error, std::string_view first, std::string_view second = {},
                                   std::string_view third = {});
  boost::asio::awaitable<Error> write_rest();

  // `app_data`: of the SSL object, for the callbacks of `context`.
  boost::asio::awaitable<Error> accept_tls(SSL_CTX& context, void* app_data);
  enum class VerifyPeer { yes, no };
  // With VerifyPeer::yes, requires a valid certificate for `host`: a name, or an address as a URL has it ("[::1]"). Only a
  // name is sent as SNI (RFC 6066 §3).
  boost::asio::awaitable<Error> connect_tls(SSL_CTX& context, std::string host, VerifyPeer verify);
  // Closes in order: sends close_notify and FIN, then reads and drops input, so that a reset does not destroy the last
  // response before the peer reads it. Ends with the peer's FIN, after two seconds of silence, or by `linger`.
  boost::asio::awaitable<void> finish(ReadBuffer& buffer, Linger linger = {});
  void shutdown_send();
  void close() noexcept;
  void cancel() noexcept;  // reads and writes that wait end with operation_aborted

  void expire_reads_in(std::chrono::milliseconds time) {
    read_deadline_ = Clock::now() + time;
    only_cancels_ = false;
  }
  // This deadline cancels the read and leaves the connection open, so that a response can still be sent.
  void cancel_reads_in(std::chrono::milliseconds time) {
    read_deadline_ = Clock::now() + time;
    only_cancels_ = true;
  }
  void expire_writes_in(std::chrono::milliseconds time) { write_deadline_ = Clock::now() + time; }
  void expect_no_read() { read_deadline_ = Clock::time_point::max(); }
  void expect_nothing() { read_deadline_ = write_deadline_ = Clock::time_point::max(); }
  void set_idle(bool idle) { idle_ = idle; }
  // As long as `other` is set, it is closed when the peer of this stream has left: its end or a reset has come. The
  // watchdog notices that within half a second, so that a short wait costs nothing. Whoever only ended their sending side
  // cannot be told from one who left.
  void close_when_peer_leaves(Stream* other) {
    close_with_peer_ = other;
    watched_since_ = {};
    if (other != nullptr) peer_left_ = false;
  }
  [[nodiscard]] bool peer_left() const { return peer_left_; }
  void release_memory() { joined_ = {}; }  // that only writes use
  [[nodiscard]] bool timed_out() const { return timed_out_; }
  void forget_timeout() { timed_out_ = false; }
  [[nodiscard]] bool is_open() const { return socket_.is_open(); }
  // True if the idle socket shows neither EOF nor unsolicited data.
  [[nodiscard]] bool is_quiet();
  [[nodiscard]] bool has_more() const;  // a read would not wait

  [[nodiscard]] bool tls() const { return tls_ != nullptr; }
  [[nodiscard]] SSL* ssl() const { return tls_ ? tls_->native_handle() : nullptr; }
  [[nodiscard]] boost::asio::ip::tcp::socket& socket() { return socket_; }

 private:
  friend class Watchdog;
  static constexpr auto kReadToken = boost::asio::as_tuple(boost::asio::deferred);
  using ReadToken = std::remove_const_t<decltype(kReadToken)>;
  using Tls = TlsSocket;

  boost::asio::ip::tcp::socket socket_;
  std::unique_ptr<Tls> tls_;
  std::array<std::string_view, 3> left_;  // for write_rest()
  std::string joined_;                    // the parts of one TLS record
  Clock::time_point read_deadline_ = Clock::time_point::max(), write_deadline_ = Clock::time_point::max();
  bool timed_out_ = false, idle_ = false, only_cancels_ = false, peer_left_ = false;
  Stream* close_with_peer_ = nullptr;
  Clock::time_point watched_since_{};  // the first sweep that saw close_with_peer_
  Watchdog& watchdog_;
  Stream *previous_ = nullptr, *next_ = nullptr;
};

}  // namespace stead::proxy
