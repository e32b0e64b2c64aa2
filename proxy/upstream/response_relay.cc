#include "proxy/upstream/response_relay.h"

#include <cstddef>

#include <boost/asio/error.hpp>

namespace stead::proxy {
namespace {
constexpr std::size_t kLargeBuffer = 64 * 1024;
}

BodyStep ResponseRelay::gather() {
  while (true) {
    const BodyPiece piece = body_.poll();
    if (piece.step == BodyStep::end) client_.end(body_.trailers());
    if (piece.step != BodyStep::data || !client_.add(piece.data)) return piece.step;
  }
}

boost::asio::awaitable<ResponseRelay::End> ResponseRelay::run() {
  ReadBuffer& buffer = upstream_.buffer;
  while (true) {
    const BodyStep last = gather();
    Error flush_error;
    if (!client_.flush_at_once(flush_error)) flush_error = co_await client_.flush_rest();
    if (flush_error) co_return End::interrupted;
    if (last == BodyStep::data) continue;
    if (last == BodyStep::end) co_return End::complete;
    if (last == BodyStep::malformed) co_return End::malformed;
    if (buffer.full() || body_.total() > buffer.capacity()) buffer.grow(kLargeBuffer);
    upstream_.stream.expire_reads_in(limits_.upstream_reply_timeout);
    const auto [error, n] = co_await upstream_.stream.read_some(buffer);
    buffer.commit(n);
    if (!error) continue;
    if (error != boost::asio::error::eof || body_.framing() != Framing::until_close) co_return End::interrupted;
    body_.end_of_stream();
  }
}

}  // namespace stead::proxy
