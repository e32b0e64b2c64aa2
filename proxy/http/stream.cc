#include "proxy/http/stream.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace stead::proxy {

namespace asio = boost::asio;

namespace {
constexpr auto as_result = asio::as_tuple(asio::deferred);
constexpr std::size_t kMaxRecord = 16 * 1024;
constexpr std::chrono::milliseconds kSilence{2000};   // of a peer, before its connection is closed
constexpr std::chrono::milliseconds kShortWait{200};  // during which nobody looks whether the peer has left
}  // namespace

void Watchdog::sweep(Clock::time_point now) {
  look_for_peers_that_left(now);
  for (Stream* stream = first_; stream != nullptr; stream = stream->next_) {
    if (stream->read_deadline_ > now && stream->write_deadline_ > now) continue;
    const bool only_cancels = stream->only_cancels_ && stream->write_deadline_ > now;
    stream->timed_out_ = true;
    stream->expect_nothing();
    if (only_cancels)
      stream->cancel();
    else
      stream->close();
  }
}

// One system call for all streams.
void Watchdog::look_for_peers_that_left(Clock::time_point now) {
  polled_.clear();
  watched_.clear();
  for (Stream* stream = first_; stream != nullptr; stream = stream->next_) {
    if (stream->close_with_peer_ == nullptr || !stream->is_open()) continue;
    if (stream->watched_since_ == Clock::time_point{}) stream->watched_since_ = now;
    if (now - stream->watched_since_ < kShortWait) continue;
    polled_.push_back({.fd = stream->socket_.native_handle(), .events = POLLRDHUP, .revents = 0});
    watched_.push_back(stream);
  }
  if (polled_.empty() || ::poll(polled_.data(), polled_.size(), 0) <= 0) return;
  for (std::size_t i = 0; i < polled_.size(); ++i) {
    if ((polled_[i].revents & (POLLRDHUP | POLLHUP | POLLERR)) == 0) continue;
    watched_[i]->peer_left_ = true;
    std::exchange(watched_[i]->close_with_peer_, nullptr)->close();
  }
}

void Watchdog::close_idle() {
  for (Stream* stream = first_; stream != nullptr; stream = stream->next_)
    if (stream->idle_) stream->close();
}

void Watchdog::close_all() {
  for (Stream* stream = first_; stream != nullptr; stream = stream->next_) stream->close();
}

Stream::Stream(asio::ip::tcp::socket socket, Watchdog& watchdog)
    : socket_(std::move(socket)), watchdog_(watchdog), next_(watchdog.first_) {
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
  if (tls_ && SSL_has_pending(tls_->native_handle()) == 1) return false;
  char octet = 0;
  return ::recv(socket_.native_handle(), &octet, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
         (errno == EAGAIN || errno == EWOULDBLOCK);
}

bool Stream::has_more() const {
  if (tls_ && SSL_has_pending(tls_->native_handle()) == 1) return true;
  Error ignored;
  return socket_.available(ignored) > 0;
}

asio::awaitable<Error> Stream::read(ReadBuffer& buffer) {
  char* const space = buffer.space();
  if (space == nullptr || buffer.space_size() == 0) co_return asio::error::no_buffer_space;
  const auto [error, n] = co_await read_some(buffer);
  buffer.commit(n);
  co_return error;
}

asio::awaitable<Error> Stream::wait_readable() {
  if (tls_ && SSL_has_pending(tls_->native_handle()) == 1) co_return Error{};
  const auto [error] = co_await socket_.async_wait(asio::socket_base::wait_read, as_result);
  co_return error;
}

asio::awaitable<Error> Stream::write(std::string_view first, std::string_view second, std::string_view third) {
  Error error;
  if (write_at_once(error, first, second, third)) co_return error;
  co_return co_await write_rest();
}

bool Stream::write_at_once(Error& error, std::string_view first, std::string_view second, std::string_view third) {
  left_ = {first, second, third};
  if (tls_) return false;
  std::array<asio::const_buffer, 3> parts;
  std::size_t count = 0;
  for (const std::string_view part : left_)
    if (!part.empty()) parts[count++] = asio::const_buffer(part.data(), part.size());
  std::size_t sent = 0;
  error.clear();
  if (count == 1)
    sent = socket_.write_some(parts[0], error);
  else if (count > 1)
    sent = socket_.write_some(parts, error);
  if (error && error != asio::error::would_block && error != asio::error::try_again) return true;
  error.clear();
  bool all = true;
  for (std::string_view& part : left_) {
    const std::size_t n = std::min(sent, part.size());
    part.remove_prefix(n);
    sent -= n;
    all = all && part.empty();
  }
  if (all) write_deadline_ = Clock::time_point::max();
  return all;
}

asio::awaitable<Error> Stream::write_rest() {
  // The deadline is for this write only; it must not close the connection while a later read waits.
  if (tls_) {
    std::array<std::string_view, 3> parts = left_;
    const auto& [first, second, third] = left_;
    if (first.size() + second.size() + third.size() <= kMaxRecord && !second.empty()) {
      joined_.assign(first).append(second).append(third);
      parts = {joined_, {}, {}};
    }
    for (const std::string_view part : parts) {
      if (part.empty()) continue;
      const auto [error, n] =
          co_await asio::async_write(*tls_, asio::const_buffer(part.data(), part.size()), as_result);
      if (error) co_return error;
    }
  } else {
    const std::array<asio::const_buffer, 3> parts{asio::const_buffer(left_[0].data(), left_[0].size()),
                                                  asio::const_buffer(left_[1].data(), left_[1].size()),
                                                  asio::const_buffer(left_[2].data(), left_[2].size())};
    const auto [error, n] = co_await asio::async_write(socket_, parts, as_result);
    if (error) co_return error;
  }
  write_deadline_ = Clock::time_point::max();
  co_return Error{};
}

asio::awaitable<Error> Stream::accept_tls(SSL_CTX& context, void* app_data) {
  tls_ = std::make_unique<Tls>(socket_, context);
  SSL_set_app_data(tls_->native_handle(), app_data);
  const auto [error] = co_await tls_->async_handshake(asio::ssl::stream_base::server, as_result);
  co_return error;
}

namespace {

// Sets what the peer's certificate must be for, and the SNI. False: OpenSSL refuses the host.
bool name_peer(SSL* ssl, std::string host) {
  X509_VERIFY_PARAM* const parameters = SSL_get0_param(ssl);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  Error not_an_address;
  const auto address = asio::ip::make_address(host, not_an_address);
  if (not_an_address) {
    if (host.ends_with('.')) host.pop_back();  // neither certificates nor SNI have the root's dot
    return SSL_set_tlsext_host_name(ssl, host.c_str()) == 1 &&
           X509_VERIFY_PARAM_set1_host(parameters, host.c_str(), host.size()) == 1;
  }
  if (address.is_v4()) {
    const auto octets = address.to_v4().to_bytes();
    return X509_VERIFY_PARAM_set1_ip(parameters, octets.data(), octets.size()) == 1;
  }
  const auto octets = address.to_v6().to_bytes();  // without a zone, which no certificate has
  return X509_VERIFY_PARAM_set1_ip(parameters, octets.data(), octets.size()) == 1;
}

}  // namespace

asio::awaitable<Error> Stream::connect_tls(SSL_CTX& context, std::string host, VerifyPeer verify) {
  tls_ = std::make_unique<Tls>(socket_, context);
  SSL* const ssl = tls_->native_handle();
  if (!name_peer(ssl, std::move(host))) co_return asio::error::invalid_argument;
  SSL_set_verify(ssl, verify == VerifyPeer::yes ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  const auto [error] = co_await tls_->async_handshake(asio::ssl::stream_base::client, as_result);
  co_return error;
}

asio::awaitable<void> Stream::finish(ReadBuffer& buffer, Linger linger) {
  if (!socket_.is_open()) co_return;
  const Clock::time_point end = Clock::now() + linger.time;
  expire_reads_in(kSilence);
  expire_writes_in(kSilence);
  buffer.consume(buffer.size());
  if (tls_) {
    // Sends close_notify. The peer's may lie behind input that is dropped below.
    (void)co_await tls_->async_shutdown(as_result);
  }
  shutdown_send();
  for (std::size_t dropped = 0; dropped < linger.octets && socket_.is_open();) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
    if (left.count() <= 0) break;
    expire_reads_in(std::min(left, kSilence));
    const auto [error, n] =
        co_await socket_.async_read_some(asio::mutable_buffer(buffer.space(), buffer.space_size()), as_result);
    if (error) break;
    dropped += n;
  }
  close();
}

}  // namespace stead::proxy
