#pragma once
// The chunked transfer coding (RFC 9112 §7.1), decoded by Boost.Beast. A stricter judge stands in front of it: every line
// ends with CR LF, a size begins with a hexadecimal digit, extensions and trailers contain no control characters, and
// lines are not long. Extensions are dropped.
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace stead::proxy {

// Of a response, blanks behind a size and before a trailer's colon are tolerated (RFC 9112 §5.1, §7.1.1), extensions need
// not be well formed, and the trailers are kept. Of a request they are malformed, and the trailers are dropped: a back end
// could take them for header fields.
enum class BodyOf { request, response };

class ChunkDecoder {
 public:
  explicit ChunkDecoder(BodyOf of);
  ~ChunkDecoder();
  ChunkDecoder(const ChunkDecoder&) = delete;
  ChunkDecoder& operator=(const ChunkDecoder&) = delete;

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
  class Parser;
  enum class State { size, data, data_end, trailer, done };
  [[nodiscard]] std::size_t longest_line() const;  // that may come now
  // Each takes a line without its CR LF. False: it is malformed.
  [[nodiscard]] bool take_line(std::string_view line);
  [[nodiscard]] bool take_size(std::string_view line);
  [[nodiscard]] bool take_trailer(std::string_view line);

  BodyOf of_;
  State state_ = State::size;
  bool begun_ = false;
  std::unique_ptr<Parser> parser_;  // made for the first octets: most bodies are not chunked
  std::string lines_;               // judged, and not yet parsed
  std::size_t trailer_bytes_ = 0;
  std::string trailers_;
};

}  // namespace stead::proxy
