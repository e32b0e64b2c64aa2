#pragma once
// The chunked transfer coding (RFC 9112 §7.1), read without indulgence: every line ends with CR LF, a size is
// hexadecimal digits and nothing before them, extensions and trailers have no control characters, and both are dropped.
#include <cstdint>
#include <string_view>

namespace stead::proxy {

class ChunkDecoder {
 public:
  enum class Step { need_more, data, end, malformed };
  struct Found {
    Step step = Step::need_more;
    std::size_t consumed = 0;  // octets of the input that are done with, those of `data` included
    std::string_view data;     // part of the input
  };
  // Looks at what is there: the next piece of the body, the end, or nothing yet. Call again with what follows
  // `consumed`.
  [[nodiscard]] Found next(std::string_view input);
  // A chunk's size line was read.
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
