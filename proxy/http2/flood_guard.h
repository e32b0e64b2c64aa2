#pragma once
// Counts the frames of HTTP/2 that cost the server more than the client (RFC 9113 §10.5). It looks at the octets before
// the library that decodes them does, so that its limits do not depend on that library's version.
//
//   resets         RST_STREAM of the client, and resets that its errors cause (CVE-2023-44487, "MadeYouReset")
//   control frames PING, SETTINGS, PRIORITY, WINDOW_UPDATE, GOAWAY, unknown ones, DATA without octets
//   header blocks  CONTINUATION frames, and octets, of one block (CVE-2024-27316)
//
// Both counts are budgets that fill again over a minute. A response earns WINDOW_UPDATE frames: two for each DATA frame.
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "proxy/http/stream.h"

namespace stead::proxy {

// As many tokens at once, and as many again over each minute.
class TokenBucket {
 public:
  TokenBucket(std::size_t capacity, Clock::time_point now)
      : capacity_(static_cast<double>(capacity)), tokens_(capacity_), filled_at_(now) {}
  [[nodiscard]] bool take(Clock::time_point now);  // false: none is left
  void add(double tokens);

 private:
  double capacity_, tokens_;
  Clock::time_point filled_at_;
};

class FloodGuard {
 public:
  struct Limits {
    std::size_t resets_per_minute = 600;
    std::size_t control_frames_per_minute = 3000;
    std::size_t header_block_octets = 256 * 1024;
    std::size_t continuations = 8;  // of one header block
  };
  FloodGuard(const Limits& limits, Clock::time_point now);

  // The next octets of the client, beginning with its preface. Returns the name of the flood; empty: there is none.
  [[nodiscard]] std::string_view check(std::string_view octets, Clock::time_point now);
  // The server resets a stream because of an error of the client.
  [[nodiscard]] std::string_view note_caused_reset(Clock::time_point now);
  void note_data_sent() { control_.add(2); }
  // A header block has begun and not ended: it has a deadline.
  [[nodiscard]] bool in_header_block() const { return in_header_block_; }

 private:
  [[nodiscard]] std::string_view begin_frame(Clock::time_point now);

  Limits limits_;
  TokenBucket resets_, control_;
  std::array<unsigned char, 9> head_{};
  std::size_t preface_left_ = 24, head_size_ = 0, payload_left_ = 0;
  std::size_t block_octets_ = 0, continuations_ = 0;
  bool in_header_block_ = false;
};

}  // namespace stead::proxy
