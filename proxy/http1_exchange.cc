#include "proxy/http1_exchange.h"

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <string_view>
#include <utility>

#include "proxy/headers/trailers.h"
#include "proxy/http/wire_text.h"
#include "proxy/upstream/tunnel.h"
#include "proxy/upstream/upstream_pool.h"

namespace stead::proxy {

namespace asio = boost::asio;

namespace {
constexpr std::size_t kMaxDropped = 64 * 1024;  // of a body without a reader, to keep the connection
constexpr std::size_t kMaxJoined = 16 * 1024;   // pieces that are copied behind one another
}  // namespace

Http1Exchange::Http1Exchange(ClientConnection& connection, const Limits& limits, const RequestHead& head,
                             std::string& out)
    : connection_(connection),
      limits_(limits),
      head_(head),
      out_(out),
      body_(connection.stream, connection.buffer, head.framing, head.content_length, limits.body_idle_timeout,
            limits.body_bytes_per_second),
      keep_(head.keep_alive) {
  out_.clear();
}

asio::awaitable<BodyPiece> Http1Exchange::next_body() {
  const BodyPiece piece = co_await body_.next();
  connection_.stream.expect_no_read();
  co_return piece;
}

// Only after a first valid size line: what is malformed is not sent on.
bool Http1Exchange::body_pauses() {
  return body_.framing() == Framing::chunked && !body_.untouched() && !connection_.stream.has_more();
}

void Http1Exchange::wipe_body() {
  if (body_.ended()) body_.release();
  connection_.buffer.wipe_consumed();
}

bool Http1Exchange::awaits_continue() const {
  return head_.expects_continue && !sent_continue_ && !body_.ended() && connection_.buffer.size() == 0;
}

asio::awaitable<bool> Http1Exchange::send_continue() {
  sent_continue_ = true;
  connection_.stream.expire_writes_in(limits_.body_idle_timeout);
  const Error error = co_await connection_.stream.write("HTTP/1.1 100 Continue\r\n\r\n");
  co_return !error;
}

ResponseOptions Http1Exchange::options_for(Framing framing, RequestBody body) const {
  const bool keep =
      keep_ && framing != Framing::until_close && body == RequestBody::whole && !connection_.core.draining;
  then_ = keep ? Then::next_request : Then::finish;
  return keep ? ResponseOptions::none : ResponseOptions::close;
}

bool Http1Exchange::add(std::string_view piece) {
  const bool chunked = framing_ == Framing::chunked;
  if (chunked) append_chunk_size(out_, piece.size());
  if (piece.size() + out_.size() > kMaxJoined) {
    large_ = piece;
    return false;
  }
  out_.append(piece);
  if (chunked) out_.append("\r\n");
  return true;
}

void Http1Exchange::end(std::string_view trailers) {
  if (framing_ != Framing::chunked) return;
  out_.append("0\r\n");
  append_trailers(out_, trailers);
  out_.append("\r\n");
}

bool Http1Exchange::flush_at_once(Error& error) {
  if (out_.empty() && large_.empty()) return true;
  const bool ends_chunk = !large_.empty() && framing_ == Framing::chunked;
  if (!connection_.stream.write_at_once(error, out_, large_, ends_chunk ? "\r\n" : std::string_view{})) return false;
  out_.clear();
  large_ = {};
  return true;
}

asio::awaitable<Error> Http1Exchange::flush_rest() {
  connection_.stream.expire_writes_in(limits_.body_idle_timeout);
  const Error error = co_await connection_.stream.write_rest();
  out_.clear();
  large_ = {};
  co_return error;
}

asio::awaitable<bool> Http1Exchange::answer(const OwnResponse& response, std::string_view request_id,
                                            std::string_view date) {
  // A short body without a reader is dropped after the response; after a long one the connection closes. It also closes
  // if the client still waits for a 100: the body may come or not.
  const bool body_remains = !body_.ended() && (awaits_continue() || body_.length() > kMaxDropped);
  const bool keep = keep_ && !body_remains && !connection_.core.draining;
  out_.clear();
  write_own_response_head(out_, response, request_id, date, keep ? AfterResponse::keep_alive : AfterResponse::close);
  connection_.stream.expire_writes_in(limits_.body_idle_timeout);
  const Error error =
      co_await connection_.stream.write(out_, head_.method == "HEAD" ? std::string_view{} : response.body);
  connection_.stream.expect_nothing();
  then_ = error ? Then::close : keep ? Then::next_request : Then::finish;
  co_return !error;
}

asio::awaitable<void> Http1Exchange::drop_rest() {
  while (then_ == Then::next_request && !body_.ended()) {
    const BodyPiece piece = co_await next_body();
    if ((piece.step != BodyStep::data && piece.step != BodyStep::end) || body_.total() > kMaxDropped)
      then_ = Then::finish;
  }
}

asio::awaitable<ClientExchange::Tunnelled> Http1Exchange::tunnel(UpstreamConnection& upstream,
                                                                 std::chrono::milliseconds idle_timeout) {
  then_ = Then::close;
  connection_.stream.expire_writes_in(limits_.body_idle_timeout);
  const Error error = co_await connection_.stream.write(out_);
  if (error) co_return Tunnelled{};
  Tunnel tunnel(connection_.core.io.get_executor(), {connection_.stream, connection_.buffer},
                {upstream.stream, upstream.buffer}, idle_timeout);
  const bool in_order = co_await tunnel.run();
  co_return Tunnelled{.bytes_to_client = tunnel.bytes_to_client(), .in_order = in_order};
}

}  // namespace stead::proxy
