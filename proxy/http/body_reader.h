#pragma once
// A message's body, piece by piece, as it comes: never more of it in memory than one buffer.
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <string_view>

#include "proxy/http/chunk_decoder.h"
#include "proxy/http/message_head.h"
#include "proxy/http/stream.h"

namespace stead::proxy {

enum class BodyStep { data, end, need_more, malformed, lost };  // lost: the connection ended or was too slow

struct BodyPiece {
  BodyStep step = BodyStep::need_more;
  std::string_view data;  // a view into the buffer; holds until the next call
};

// `patience`: with each wait for more. `least_rate`: octets a second that have to come, all waits together, once
// `patience` is used up; 0: a body may trickle.
class BodyReader {
 public:
  BodyReader(Stream& stream, ReadBuffer& buffer, Framing framing, std::uint64_t length,
             std::chrono::milliseconds patience, std::uint64_t least_rate = 0)
      : stream_(stream),
        buffer_(buffer),
        framing_(framing),
        left_(length),
        patience_(patience),
        least_rate_(least_rate),
        ended_(framing == Framing::none) {}

  [[nodiscard]] BodyPiece poll();                          // what is there already
  [[nodiscard]] boost::asio::awaitable<BodyPiece> next();  // waits; never need_more
  void release() {  // ends the last piece's view: the buffer then begins behind it
    buffer_.consume(given_);
    given_ = 0;
  }
  void end_of_stream() { eof_ = true; }                // for a caller that reads itself: the connection ended
  [[nodiscard]] bool ended() const { return ended_; }  // the last piece was the last
  [[nodiscard]] Framing framing() const { return framing_; }
  [[nodiscard]] std::uint64_t length() const { return left_; }  // still to come, where framing is length
  [[nodiscard]] std::uint64_t total() const { return total_; }  // octets given so far
  // Chunked: nothing of the body has been understood yet.
  [[nodiscard]] bool untouched() const { return framing_ == Framing::chunked && !chunks_.begun(); }

 private:
  Stream& stream_;
  ReadBuffer& buffer_;
  Framing framing_;
  std::uint64_t left_, total_ = 0;
  std::chrono::milliseconds patience_;
  std::uint64_t least_rate_;
  Clock::duration waited_{};
  ChunkDecoder chunks_;
  std::size_t given_ = 0;  // octets of the buffer that the last piece was in
  bool ended_, eof_ = false;
};

}  // namespace stead::proxy
