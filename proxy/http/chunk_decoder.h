#pragma once
// The chunked transfer coding (RFC 9112 §7.1), read strictly: every line ends with CR LF, a size begins with a
// hexadecimal digit, extensions and trailers contain no control characters, and both are dropped.
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace stead::proxy {

class ChunkDecoder {
 public:
  enum class Status { need_more, data, end, malformed };
  struct Found {
    Status status = Status::need_more;
    std::size_t consumed = 0;  // octets of the input, those of `data` included
    std::string_view data;     // part of the input
  };
  // Finds the next piece of the body, or its end, in the input. Call again with the input that follows `consumed`.
  [[nodiscard]] Found next(std::string_view input);
  // True once the first size line has been read.
  [[nodiscard]] bool begun() const { return begun_; }

 private:
  enum class State { size, data, data_end, trailer, done };
  [[nodiscard]] Found size_line(std::string_view input);
  [[nodiscard]] Found trailer_line(std::string_view input);

  State state_ = State::size;
  bool begun_ = false;
  std::uint64_t left_ = 0;
  std::size_t trailer_bytes_ = 0;
};

}  // namespace stead::proxy
