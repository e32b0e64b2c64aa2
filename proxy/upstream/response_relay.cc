#include "proxy/upstream/response_relay.h"

#include <cstddef>
#include <string_view>

#include <boost/asio/error.hpp>

#include "proxy/headers/trailers.h"
#include "proxy/http/wire_text.h"

namespace stead::proxy {
namespace {
constexpr std::size_t kMaxJoined = 16 * 1024, kLargeBuffer = 64 * 1024;
}

std::string_view ResponseRelay::gather() {
  const bool chunked = framing_ == Framing::chunked;
  while (true) {
    const BodyPiece piece = body_.poll();
    last_ = piece.step;
    if (piece.step == BodyStep::end && chunked) {
      out_.append("0\r\n");
      append_trailers(out_, body_.trailers());
      out_.append("\r\n");
    }
    if (piece.step != BodyStep::data) return {};
    if (chunked) append_chunk_size(out_, piece.data.size());
    if (piece.data.size() + out_.size() > kMaxJoined) return piece.data;
    out_.append(piece.data);
    if (chunked) out_.append("\r\n");
  }
}

boost::asio::awaitable<ResponseRelay::End> ResponseRelay::run() {
  ReadBuffer& buffer = upstream_.buffer;
  while (true) {
    const std::string_view large = gather();
    if (!out_.empty() || !large.empty()) {
      const bool ends_chunk = !large.empty() && framing_ == Framing::chunked;
      Error error;
      if (!client_.write_at_once(error, out_, large, ends_chunk ? "\r\n" : std::string_view{})) {
        client_.expire_writes_in(limits_.body_idle_timeout);
        error = co_await client_.write_rest();
      }
      if (error) co_return End::interrupted;
      out_.clear();
    }
    if (!large.empty()) continue;
    if (last_ == BodyStep::end) co_return End::complete;
    if (last_ == BodyStep::malformed) co_return End::malformed;
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
