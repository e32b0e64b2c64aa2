#include "proxy/upstream/request_upload.h"

#include <cstddef>
#include <cstdint>
#include <string>

#include "proxy/http/wire_text.h"

namespace stead::proxy {

namespace asio = boost::asio;

namespace {
constexpr std::size_t kMaxHeld = 16 * 1024;
}  // namespace

asio::awaitable<RequestUpload::Collected> RequestUpload::collect() {
  if (client_.awaits_continue()) {
    const bool sent = co_await client_.send_continue();
    if (!sent) co_return Collected::client_left;
  }
  if (client_.body_framing() == Framing::length && client_.body_left() > kMaxHeld) co_return Collected::done;
  while (held_.size() <= kMaxHeld) {
    BodyPiece piece = client_.poll_body();
    if (piece.step == BodyStep::need_more) {
      if (client_.body_pauses()) break;
      piece = co_await client_.next_body();
    }
    switch (piece.step) {
      case BodyStep::end:
        whole_ = true;
        co_return Collected::done;
      case BodyStep::malformed:
        co_return Collected::malformed;
      case BodyStep::lost:
        co_return Collected::client_left;
      case BodyStep::data:
      case BodyStep::need_more:
        if (is_too_long()) co_return Collected::malformed;
        held_.append(piece.data);
        break;
    }
  }
  co_return Collected::done;
}

Framing RequestUpload::framing() const {
  // A chunked body that proves empty is still a body: it goes on with Content-Length: 0.
  if (!whole_ || client_.body_framing() == Framing::none) return client_.body_framing();
  return Framing::length;
}

std::uint64_t RequestUpload::content_length() const {
  if (whole_) return held_.size();
  return client_.body_framing() == Framing::length ? head_.content_length : 0;
}

void RequestUpload::start(Stream& upstream) {
  upstream_ = &upstream;
  rest_.start(send_rest());
}

asio::awaitable<void> RequestUpload::stop() {
  if (!rest_.was_started()) co_return;
  if (rest_.is_running()) {
    upstream_->close();
    client_.stop_reading();
    co_await rest_.wait();
  }
}

asio::awaitable<Error> RequestUpload::send_piece(BodyPiece piece, std::string& size) {
  const bool chunked = client_.body_framing() == Framing::chunked;
  const bool is_end = piece.step == BodyStep::end;
  if (is_end && !chunked) co_return Error{};
  upstream_->expire_writes_in(context_.limits.body_idle_timeout);
  if (is_end) co_return co_await upstream_->write("0\r\n\r\n");
  if (!chunked) co_return co_await upstream_->write(piece.data);
  size.clear();
  append_chunk_size(size, piece.data.size());
  co_return co_await upstream_->write(size, piece.data, "\r\n");
}

asio::awaitable<void> RequestUpload::send_rest() {
  std::string size;
  while (true) {
    const BodyPiece piece = co_await client_.next_body();
    if (piece.step == BodyStep::malformed || piece.step == BodyStep::lost || is_too_long()) {
      // The back end must not take the incomplete body for the whole one.
      state_ = piece.step == BodyStep::lost ? BodyStep::lost : BodyStep::malformed;
      upstream_->close();
      co_return;
    }
    upstream_->expire_reads_in(job_.reply_timeout(context_.limits));
    const Error error = co_await send_piece(piece, size);
    if (error) co_return;  // the back end may have responded before it closed
    if (piece.step == BodyStep::end) {
      state_ = BodyStep::end;
      co_return;
    }
  }
}

}  // namespace stead::proxy
