#include "proxy/http/body_reader.h"

#include <algorithm>
#include <boost/asio/error.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace stead::proxy {
namespace {
constexpr std::size_t kLargeBuffer = 64 * 1024;  // for bodies that fill the initial one
}

BodyPiece BodyReader::poll() {
  release();
  if (ended_) return {BodyStep::end, {}};
  const std::string_view held = buffer_.view();
  BodyPiece piece;
  switch (framing_) {
    case Framing::none:
      ended_ = true;
      return {BodyStep::end, {}};
    case Framing::length:
      if (left_ == 0) {
        ended_ = true;
        return {BodyStep::end, {}};
      }
      if (held.empty()) return {};
      piece = {BodyStep::data, held.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left_, held.size())))};
      left_ -= piece.data.size();
      if (left_ == 0) ended_ = true;
      given_ = piece.data.size();
      break;
    case Framing::until_close:
      if (held.empty()) {
        ended_ = eof_;
        return {eof_ ? BodyStep::end : BodyStep::need_more, {}};
      }
      piece = {BodyStep::data, held};
      given_ = held.size();
      break;
    case Framing::chunked: {
      const ChunkDecoder::Found found = chunks_.next(held);
      switch (found.status) {
        case ChunkDecoder::Status::need_more:
          buffer_.consume(found.consumed);
          return {};
        case ChunkDecoder::Status::malformed:
          return {BodyStep::malformed, {}};
        case ChunkDecoder::Status::end:
          buffer_.consume(found.consumed);
          ended_ = true;
          return {BodyStep::end, {}};
        case ChunkDecoder::Status::data:
          break;
      }
      piece = {BodyStep::data, found.data};
      given_ = found.consumed;
      break;
    }
  }
  total_ += piece.data.size();
  return piece;
}

boost::asio::awaitable<BodyPiece> BodyReader::next() {
  while (true) {
    const BodyPiece piece = poll();
    if (piece.step != BodyStep::need_more) co_return piece;
    if (buffer_.full() || (buffer_.size() == 0 && total_ > buffer_.capacity())) buffer_.grow(kLargeBuffer);
    const Clock::time_point start = Clock::now();
    std::chrono::milliseconds timeout = read_timeout_;
    if (min_rate_ > 0) {
      const auto left = read_timeout_ + std::chrono::milliseconds(total_ * 1000 / min_rate_) - waited_;
      timeout = std::clamp(std::chrono::duration_cast<std::chrono::milliseconds>(left), std::chrono::milliseconds(0),
                           read_timeout_);
    }
    stream_.expire_reads_in(timeout);
    const Error error = co_await stream_.read(buffer_);
    waited_ += Clock::now() - start;
    if (!error) continue;
    if (error == boost::asio::error::eof && framing_ == Framing::until_close) {
      eof_ = true;
      continue;
    }
    co_return BodyPiece{BodyStep::lost, {}};
  }
}

}  // namespace stead::proxy
