#pragma once
// The chunked transfer coding (RFC 9112 §7.1), read strictly: every line ends with CR LF, a size begins with a
// hexadecimal digit, extensions and trailers contain no control characters. Extensions are dropped.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace stead::proxy {

// Of a response, blanks behind a size and before a trailer's colon are tolerated (RFC 9112 §5.1, §7.1.1), and the
// trailers are kept. Of a request they are malformed, and the trailers are dropped: a back end could take them for
// header fields.
enum class BodyOf { request, response };

class ChunkDecoder {
 public:
  explicit ChunkDecoder(BodyOf of) : of_(of) {}
  enum class Status { need_more, data, end, malformed };
  struct Found {
    Status status = Status::need_more;
    std::size_t consumed = 0;  // octets of the input, those of `data` included
    std::string_view data;     // part of the input
  };
  // Finds the next piece of the body, or its end, in the input. Call again with the input that follows `consumed`.
  [[nodiscard]] Found next(std::string_view input);
  // After the end of a response: its trailers, as lines of "Name: value" with CR LF.
  [[nodiscard]] const std::string& trailers() const { return trailers_; }
  // True once the first size line has been read.
  [[nodiscard]] bool begun() const { return begun_; }

 private:
  enum class State { size, data, data_end, trailer, done };
  [[nodiscard]] Found size_line(std::string_view input);
  [[nodiscard]] Found trailer_line(std::string_view input);

  [[nodiscard]] bool keep_trailer(std::string_view line);  // false: it is malformed

  BodyOf of_;
  State state_ = State::size;
  bool begun_ = false;
  std::uint64_t left_ = 0;
  std::size_t trailer_bytes_ = 0;
  std::string trailers_;
};

}  // namespace stead::proxy
