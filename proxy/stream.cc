#include "proxy/stream.h"

#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>

namespace stead::proxy {

namespace asio = boost::asio;

namespace {
constexpr auto as_result = asio::as_tuple(asio::deferred);
constexpr std::size_t kLargestRecord = 16 * 1024, kMostDropped = 256 * 1024;
constexpr std::chrono::milliseconds kGoodbye{2000};
}  // namespace

void Watchdog::sweep(Clock::time_point now) {
  for (Stream* stream = first_; stream != nullptr; stream = stream->next_) {
    if (stream->read_deadline_ > now && stream->write_deadline_ > now) continue;
    const bool only_cancels = stream->only_cancels_ && stream->write_deadline_ > now;
    stream->timed_out_ = true;
    stream->expect_nothing();
    if (only_cancels) stream->cancel();
    else stream->close();
  }
}

void Watchdog::close_idle() {
  for (Stream* stream = first_; stream != nullptr; stream = stream->next_)
    if (stream->idle_) stream->close();
}

void Watchdog::close_all() {
  for (Stream* stream = first_; stream != nullptr; stream = stream->next_) stream->close();
}

Stream::Stream(asio::ip::tcp::socket socket, Watchdog& watchdog) : socket_(std::move(socket)), watchdog_(watchdog), next_(watchdog.first_) {
  if (next_ != nullptr) next_->previous_ = this;
  watchdog_.first_ = this;
  Error ignored;
  socket_.non_blocking(true, ignored);
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
}

Stream::~Stream() {
  (previous_ != nullptr ? previous_->next_ : watchdog_.first_) = next_;
  if (next_ != nullptr) next_->previous_ = previous_;
}

void Stream::close() noexcept {
  Error ignored;
  socket_.close(ignored);
}

void Stream::cancel() noexcept {
  Error ignored;
  socket_.cancel(ignored);
}

void Stream::shutdown_send() {
  Error ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
}

bool Stream::is_quiet() {
  if (!socket_.is_open() || timed_out_) return false;
  if (tls_ && SSL_pending(tls_->native_handle()) > 0) return false;
  char octet = 0;
  return ::recv(socket_.native_handle(), &octet, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

bool Stream::has_more() const {
  if (tls_ && SSL_pending(tls_->native_handle()) > 0) return true;
  Error ignored;
  return socket_.available(ignored) > 0;
}

asio::awaitable<Error> Stream::read(ReadBuffer& buffer) {
  char* const space = buffer.space();
  const asio::mutable_buffer room(space, buffer.space_size());
  if (room.size() == 0) co_return asio::error::no_buffer_space;
  if (tls_) {
    const auto [error, n] = co_await tls_->async_read_some(room, as_result);
    buffer.commit(n);
    co_return error;
  }
  const auto [error, n] = co_await socket_.async_read_some(room, as_result);
  buffer.commit(n);
  co_return error;
}

asio::awaitable<Error> Stream::write(std::string_view first, std::string_view second, std::string_view third) {
  // The deadline is for this write: left standing, it would end the connection later, while the other side takes its time.
  if (tls_) {
    std::array<std::string_view, 3> parts{first, second, third};
    if (first.size() + second.size() + third.size() <= kLargestRecord && !second.empty()) {
      joined_.assign(first).append(second).append(third);
      parts = {joined_, {}, {}};
    }
    for (const std::string_view part : parts) {
      if (part.empty()) continue;
      const auto [error, n] = co_await asio::async_write(*tls_, asio::const_buffer(part.data(), part.size()), as_result);
      if (error) co_return error;
    }
    write_deadline_ = Clock::time_point::max();
    co_return Error{};
  }
  std::array<asio::const_buffer, 3> parts{asio::const_buffer(first.data(), first.size()), asio::const_buffer(second.data(), second.size()),
                                          asio::const_buffer(third.data(), third.size())};
  // Most writes fit into the socket's buffer: then nothing waits, and the loop need not turn.
  Error error;
  std::size_t n = socket_.write_some(parts, error);
  if (error && error != asio::error::would_block && error != asio::error::try_again) co_return error;
  std::size_t left = 0;
  for (auto& part : parts) {
    const std::size_t sent = std::min(n, part.size());
    part += sent;
    n -= sent;
    left += part.size();
  }
  if (left > 0) {
    const auto [write_error, m] = co_await asio::async_write(socket_, parts, as_result);
    if (write_error) co_return write_error;
  }
  write_deadline_ = Clock::time_point::max();
  co_return Error{};
}

asio::awaitable<Error> Stream::accept_tls(asio::ssl::context& context) {
  tls_ = std::make_unique<Tls>(socket_, context);
  const auto [error] = co_await tls_->async_handshake(asio::ssl::stream_base::server, as_result);
  co_return error;
}

asio::awaitable<Error> Stream::connect_tls(asio::ssl::context& context, std::string host, bool verify) {
  tls_ = std::make_unique<Tls>(socket_, context);
  SSL* const ssl = tls_->native_handle();
  Error not_an_address;
  (void)asio::ip::make_address(host, not_an_address);
  if (not_an_address) SSL_set_tlsext_host_name(ssl, host.c_str());
  if (verify) {
    X509_VERIFY_PARAM* const parameters = SSL_get0_param(ssl);
    const int set = not_an_address ? X509_VERIFY_PARAM_set1_host(parameters, host.c_str(), host.size())
                                   : X509_VERIFY_PARAM_set1_ip_asc(parameters, host.c_str());
    if (set != 1) co_return asio::error::invalid_argument;
    SSL_set_verify(ssl, SSL_VERIFY_PEER, nullptr);
  } else {
    SSL_set_verify(ssl, SSL_VERIFY_NONE, nullptr);
  }
  const auto [error] = co_await tls_->async_handshake(asio::ssl::stream_base::client, as_result);
  co_return error;
}

asio::awaitable<void> Stream::finish(ReadBuffer& buffer) {
  if (!socket_.is_open()) co_return;
  expire_reads_in(kGoodbye);
  expire_writes_in(kGoodbye);
  buffer.consume(buffer.size());
  if (tls_) {
    // Sends close_notify and waits for the peer's; what else comes in between is dropped.
    (void)co_await tls_->async_shutdown(as_result);
  }
  shutdown_send();
  for (std::size_t dropped = 0; dropped < kMostDropped;) {
    const auto [error, n] = co_await socket_.async_read_some(asio::mutable_buffer(buffer.space(), buffer.space_size()), as_result);
    if (error) break;
    dropped += n;
  }
  close();
}

}  // namespace stead::proxy
