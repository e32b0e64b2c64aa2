#pragma once
// One connection, with TLS or without, and its deadlines. Timers for each read would cost more than the read: a core's
// Watchdog looks at all its streams four times a second and closes those whose time is up.
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "proxy/http/read_buffer.h"
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
  void close_idle();  // those that wait for nothing that was promised
  void close_all();

 private:
  friend class Stream;
  Stream* first_ = nullptr;
};

class Stream {
 public:
  Stream(boost::asio::ip::tcp::socket socket, Watchdog& watchdog);
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // Each may be called while the other waits. An end of file is asio::error::eof; a deadline's end shows in
  // timed_out().
  boost::asio::awaitable<Error> read(ReadBuffer& buffer);  // at least one octet
  // The same for the hot path, without a coroutine of its own: co_await it, and commit() what it read to the buffer,
  // which has room.
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
  boost::asio::awaitable<Error> write(std::string_view first, std::string_view second = {},
                                      std::string_view third = {});
  // The same for the hot path. Most writes fit into the socket's buffer: then nothing waits, and no coroutine is made.
  // False: write_rest() sends what is left, which must live on.
  [[nodiscard]] bool write_at_once(Error& error, std::string_view first, std::string_view second = {},
                                   std::string_view third = {});
  boost::asio::awaitable<Error> write_rest();

  boost::asio::awaitable<Error> accept_tls(boost::asio::ssl::context& context);
  // SNI and, where `verify`, the certificate's name are `host`'s.
  boost::asio::awaitable<Error> connect_tls(boost::asio::ssl::context& context, std::string host, bool verify);
  // Says goodbye: close_notify, then the end of what we send; reads and drops what still comes, for a moment, so that
  // the peer gets our last words before a reset.
  boost::asio::awaitable<void> finish(ReadBuffer& buffer);
  void shutdown_send();
  void close() noexcept;
  void cancel() noexcept;  // what waits ends with operation_aborted

  void expire_reads_in(std::chrono::milliseconds time) {
    read_deadline_ = Clock::now() + time;
    only_cancels_ = false;
  }
  // At that deadline's end what waits ends, and the connection stays for an answer.
  void cancel_reads_in(std::chrono::milliseconds time) {
    read_deadline_ = Clock::now() + time;
    only_cancels_ = true;
  }
  void expire_writes_in(std::chrono::milliseconds time) { write_deadline_ = Clock::now() + time; }
  void expect_nothing() { read_deadline_ = write_deadline_ = Clock::time_point::max(); }
  void set_idle(bool idle) { idle_ = idle; }
  [[nodiscard]] bool timed_out() const { return timed_out_; }
  void forget_timeout() { timed_out_ = false; }
  [[nodiscard]] bool is_open() const { return socket_.is_open(); }
  // An idle connection is of use only while nothing has come: neither an end nor octets that nobody asked for.
  [[nodiscard]] bool is_quiet();
  [[nodiscard]] bool has_more() const;  // octets can be read without waiting

  [[nodiscard]] bool tls() const { return tls_ != nullptr; }
  [[nodiscard]] SSL* ssl() const { return tls_ ? tls_->native_handle() : nullptr; }
  [[nodiscard]] boost::asio::ip::tcp::socket& socket() { return socket_; }

 private:
  friend class Watchdog;
  static constexpr auto kReadToken = boost::asio::as_tuple(boost::asio::deferred);
  using ReadToken = std::remove_const_t<decltype(kReadToken)>;
  using Tls = boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>;

  boost::asio::ip::tcp::socket socket_;
  std::unique_ptr<Tls> tls_;
  std::array<std::string_view, 3> left_;  // what write_rest() sends
  std::string joined_;                    // what TLS sends as one record
  Clock::time_point read_deadline_ = Clock::time_point::max(), write_deadline_ = Clock::time_point::max();
  bool timed_out_ = false, idle_ = false, only_cancels_ = false;
  Watchdog& watchdog_;
  Stream *previous_ = nullptr, *next_ = nullptr;
};

}  // namespace stead::proxy
