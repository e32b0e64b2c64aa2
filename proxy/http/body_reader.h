#pragma once
// Reads a message's body piece by piece, as it arrives. At most one buffer of it is in memory.
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/http/chunk_decoder.h"
#include "proxy/http/message_head.h"
#include "proxy/http/stream.h"

namespace stead::proxy {

enum class BodyStep { data, end, need_more, malformed, lost };  // lost: the connection ended or was too slow

struct BodyPiece {
  BodyStep step = BodyStep::need_more;
  std::string_view data;  // a view into the buffer; valid until the next call
};

// `read_timeout` limits each wait for more. `min_rate`, in octets a second, limits all waits together: it applies once
// they have lasted `read_timeout`. 0: no minimum rate.
class BodyReader {
 public:
  BodyReader(Stream& stream, ReadBuffer& buffer, Framing framing, std::uint64_t length,
             std::chrono::milliseconds read_timeout, std::uint64_t min_rate = 0, BodyOf of = BodyOf::request)
      : stream_(stream),
        buffer_(buffer),
        framing_(framing),
        left_(length),
        read_timeout_(read_timeout),
        min_rate_(min_rate),
        chunks_(of),
        ended_(framing == Framing::none) {}

  [[nodiscard]] BodyPiece poll();                          // from the buffer, without reading
  [[nodiscard]] boost::asio::awaitable<BodyPiece> next();  // waits; never need_more
  void release() {                                         // consumes the last piece, whose view ends here
    buffer_.consume(given_);
    given_ = 0;
  }
  void end_of_stream() { eof_ = true; }                // for a caller that reads the stream itself
  [[nodiscard]] bool ended() const { return ended_; }  // the body's end was reached
  [[nodiscard]] Framing framing() const { return framing_; }
  [[nodiscard]] std::uint64_t length() const { return left_; }  // still to come, if framing is length
  [[nodiscard]] std::uint64_t total() const { return total_; }  // octets given so far
  // After the end of a response's body: lines of "Name: value" with CR LF.
  [[nodiscard]] const std::string& trailers() const { return chunks_.trailers(); }
  // Chunked, and no size line has been read yet.
  [[nodiscard]] bool untouched() const { return framing_ == Framing::chunked && !chunks_.begun(); }

 private:
  Stream& stream_;
  ReadBuffer& buffer_;
  Framing framing_;
  std::uint64_t left_, total_ = 0;
  std::chrono::milliseconds read_timeout_;
  std::uint64_t min_rate_;
  Clock::duration waited_{};
  ChunkDecoder chunks_;
  std::size_t given_ = 0;  // octets of the buffer that the last piece takes
  bool ended_, eof_ = false;
};

}  // namespace stead::proxy
