#include "proxy/http2/exchange.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/error.hpp>
#include <chrono>
#include <cstddef>
#include <exception>
#include <string_view>
#include <utility>

#include "proxy/headers/trailers.h"
#include "proxy/upstream/side_task.h"
#include "proxy/upstream/upstream_pool.h"
#include "sspi_shim/base/bytes.h"

namespace stead::proxy {

namespace asio = boost::asio;

namespace {
constexpr auto as_result = asio::as_tuple(asio::deferred);
constexpr std::chrono::seconds kLinger{1};
constexpr std::size_t kMaxJoined = 16 * 1024;   // pieces that are copied behind one another
constexpr std::size_t kMaxWaiting = 32 * 1024;  // of a stream's copied pieces, before the back end is waited with
}  // namespace

Http2Exchange::Http2Exchange(Connection& connection, const Limits& limits, Http2Stream& stream, const RequestHead& head,
                             std::string& out)
    : connection_(connection),
      limits_(limits),
      stream_(stream),
      head_(head),
      out_(out),
      body_timer_(connection.executor),
      out_timer_(connection.executor),
      ended_(head.framing == Framing::none) {
  out_.clear();
  stream_.waiter = this;
}

Http2Exchange::~Http2Exchange() {
  take_back();
  stream_.waiter = nullptr;
  stream_.nobody_reads = true;
  stream_.large = {};
  connection_.session.consume(stream_, stream_.unconsumed);
  if (stream_.closed || stream_.response_sent) return;
  if (stream_.out_ended && stream_.to_send() == 0) return;  // its last frame is under way
  connection_.session.reset(stream_, NGHTTP2_INTERNAL_ERROR);
  connection_.write();
}

void Http2Exchange::body_changed() {
  body_timer_.cancel();
  if (stream_.closed && upstream_ != nullptr) std::exchange(upstream_, nullptr)->close();
}

void Http2Exchange::out_changed() {
  out_timer_.cancel();
}

void Http2Exchange::close_when_left(Stream* upstream) {
  upstream_ = upstream;
  if (upstream != nullptr && stream_.closed) std::exchange(upstream_, nullptr)->close();
}

// --- the request's body ---------------------------------------------------------------------------------------------

void Http2Exchange::take_back() {
  connection_.session.consume(stream_, given_.size());
  given_.clear();
}

BodyPiece Http2Exchange::poll_body() {
  const bool gave = !given_.empty();
  take_back();
  if (gave) connection_.write();  // the client's new window
  if (ended_) return {BodyStep::end, {}};
  if (stopped_) return {BodyStep::lost, {}};
  if (!stream_.incoming.empty()) {
    given_.swap(stream_.incoming);
    total_ += given_.size();
    return {BodyStep::data, given_};
  }
  if (stream_.body_ended) {
    ended_ = true;
    return {BodyStep::end, {}};
  }
  return {stream_.closed ? BodyStep::lost : BodyStep::need_more, {}};
}

// As BodyReader: a limit on each wait, and one on all of them by the least rate. A stream whose response has begun may go
// on in both directions for as long as the back end likes.
std::chrono::milliseconds Http2Exchange::body_wait() const {
  if (stream_.head_sent) return std::chrono::hours(24);
  const std::chrono::milliseconds longest = limits_.body_idle_timeout;
  if (limits_.body_bytes_per_second == 0) return longest;
  const auto left = longest + std::chrono::milliseconds(total_ * 1000 / limits_.body_bytes_per_second) - waited_;
  return std::clamp(left, std::chrono::milliseconds(0), longest);
}

asio::awaitable<BodyPiece> Http2Exchange::next_body() {
  while (true) {
    const BodyPiece piece = poll_body();
    if (piece.step != BodyStep::need_more) co_return piece;
    const Clock::time_point start = Clock::now();
    body_timer_.expires_after(body_wait());
    const auto [error] = co_await body_timer_.async_wait(as_result);
    waited_ += std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start);
    if (!error) co_return BodyPiece{BodyStep::lost, {}};  // too slow
  }
}

void Http2Exchange::stop_reading() {
  stopped_ = true;
  body_timer_.cancel();
}

void Http2Exchange::wipe_body() {
  wipe(given_.data(), given_.size());
}

bool Http2Exchange::awaits_continue() const {
  return head_.expects_continue && !sent_continue_ && !ended_ && stream_.incoming.empty() && !stream_.body_ended;
}

asio::awaitable<bool> Http2Exchange::send_continue() {
  sent_continue_ = true;
  std::string head = "HTTP/1.1 100 Continue\r\n\r\n";
  connection_.session.send_heads(stream_, head, Http2Session::Body::none);
  connection_.write();
  co_return !stream_.closed;
}

// --- the response ---------------------------------------------------------------------------------------------------

bool Http2Exchange::add(std::string_view piece) {
  if (piece.size() + stream_.out.size() > kMaxJoined) {
    stream_.large = piece;
    return false;
  }
  stream_.out.append(piece);
  return true;
}

void Http2Exchange::end(std::string_view trailers) {
  stream_.out_ended = true;
  append_trailers(stream_.trailers, trailers);
}

void Http2Exchange::send() {
  if (!out_.empty()) {
    const auto body = body_follows_ ? Http2Session::Body::follows : Http2Session::Body::none;
    connection_.session.send_heads(stream_, out_, body);
    out_.clear();
  }
  connection_.session.resume(stream_);
  connection_.write();
}

bool Http2Exchange::flush_at_once(Error& error) {
  send();
  error.clear();
  if (stream_.closed && !stream_.response_sent) error = asio::error::connection_reset;
  return error || (stream_.large.empty() && stream_.to_send() <= kMaxWaiting);
}

asio::awaitable<Error> Http2Exchange::flush_rest() {
  while (!stream_.large.empty() || stream_.to_send() > kMaxWaiting) {
    const std::size_t before = stream_.to_send();
    out_timer_.expires_after(limits_.body_idle_timeout);
    const auto [error] = co_await out_timer_.async_wait(as_result);
    if (stream_.closed) co_return asio::error::connection_reset;
    if (!error && stream_.to_send() == before) co_return asio::error::timed_out;
  }
  co_return Error{};
}

asio::awaitable<void> Http2Exchange::finish() {
  while (stream_.out_ended && !stream_.closed && stream_.to_send() > 0) {
    const std::size_t before = stream_.to_send();
    out_timer_.expires_after(limits_.body_idle_timeout);
    const auto [error] = co_await out_timer_.async_wait(as_result);
    if (!error && stream_.to_send() == before) co_return;
  }
  if (!stream_.out_ended || stream_.body_ended) co_return;
  // The rest of a body that nobody reads is dropped for a while: some clients take a reset at once for a failure.
  take_back();
  connection_.session.consume(stream_, stream_.unconsumed);
  stream_.incoming.clear();
  connection_.write();
  const Clock::time_point until = Clock::now() + kLinger;
  while (!stream_.closed && !stream_.body_ended && Clock::now() < until) {
    body_timer_.expires_at(until);
    (void)co_await body_timer_.async_wait(as_result);
  }
  if (stream_.closed || stream_.body_ended) co_return;
  connection_.session.reset(stream_, NGHTTP2_NO_ERROR);  // the client need not send the rest (RFC 9113 §8.1)
  connection_.write();
}

void Http2Exchange::abandon() {
  stream_.large = {};
  connection_.session.reset(stream_, NGHTTP2_INTERNAL_ERROR);
  connection_.write();
}

asio::awaitable<bool> Http2Exchange::answer(const OwnResponse& response, std::string_view request_id,
                                            std::string_view date) {
  if (response.needs_http_1_1) {
    connection_.session.reset(stream_, NGHTTP2_HTTP_1_1_REQUIRED);
    connection_.write();
    co_return true;
  }
  out_.clear();
  write_own_response_head(out_, response, request_id, date, AfterResponse::keep_alive);
  body_follows_ = head_.method != "HEAD" && !response.body.empty();
  if (body_follows_) stream_.out.append(response.body);
  end({});
  send();
  co_return !stream_.closed || stream_.response_sent;
}

// --- tunnels --------------------------------------------------------------------------------------------------------

asio::awaitable<void> Http2Exchange::carry_to(UpstreamConnection& upstream, std::chrono::milliseconds idle_timeout) {
  while (true) {
    const BodyPiece piece = co_await next_body();
    if (piece.step == BodyStep::end && !upstream.stream.tls()) {
      upstream.stream.shutdown_send();
      co_return;
    }
    if (piece.step != BodyStep::data) {
      upstream.stream.close();
      co_return;
    }
    upstream.stream.expire_reads_in(idle_timeout);  // octets in either direction keep both alive
    upstream.stream.expire_writes_in(idle_timeout);
    const Error error = co_await upstream.stream.write(piece.data);
    if (error) co_return;
  }
}

asio::awaitable<ClientExchange::Tunnelled> Http2Exchange::tunnel(UpstreamConnection& upstream,
                                                                 std::chrono::milliseconds idle_timeout) {
  Tunnelled out;
  ended_ = false;  // the request had no body; what its stream carries now is the tunnel's
  body_follows_ = true;
  SideTask to_upstream(connection_.executor);
  send();
  to_upstream.start(carry_to(upstream, idle_timeout));
  std::exception_ptr problem;
  try {
    Error error;
    while (!error) {
      const std::string_view data = upstream.buffer.view();
      if (!data.empty()) {
        (void)add(data);
        if (!flush_at_once(error)) error = co_await flush_rest();
        if (error) break;
        out.bytes_to_client += data.size();
        upstream.buffer.consume(data.size());
      }
      upstream.stream.expire_reads_in(idle_timeout);
      error = co_await upstream.stream.read(upstream.buffer);
    }
    out.in_order = error == asio::error::eof;
  } catch (...) {
    problem = std::current_exception();  // the other direction refers to this object, so it must end first
  }
  if (out.in_order) {
    end({});
    send();
  }
  upstream.stream.close();
  stop_reading();
  co_await to_upstream.wait();
  if (problem) std::rethrow_exception(problem);
  co_return out;
}

}  // namespace stead::proxy
