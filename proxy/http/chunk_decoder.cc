#include "proxy/http/chunk_decoder.h"

#include <algorithm>

#include "proxy/http/message_head.h"

namespace stead::proxy {
namespace {

constexpr std::size_t kMaxSizeLine = 1024, kMaxTrailer = 16 * 1024;

// The line at the start of the input; `bad` where a control character stands in it or a line end is not CR LF.
struct Line {
  bool whole = false, bad = false;
  std::string_view text;
};
Line line_of(std::string_view input, std::size_t limit) {
  for (std::size_t i = 0; i < input.size(); ++i) {
    const auto octet = static_cast<unsigned char>(input[i]);
    if (octet == '\r') {
      if (i + 1 == input.size()) return {};
      return {.whole = true, .bad = input[i + 1] != '\n', .text = input.substr(0, i)};
    }
    if ((octet < 0x20 && octet != '\t') || octet == 0x7f || i == limit)
      return {.whole = false, .bad = true, .text = {}};
  }
  return {};
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

ChunkDecoder::Found ChunkDecoder::size_line(std::string_view input) {
  if (!input.empty() && hex_digit(input.front()) < 0) return {Step::malformed, 0, {}};
  const Line line = line_of(input, kMaxSizeLine);
  if (line.bad) return {Step::malformed, 0, {}};
  if (!line.whole) return {};
  std::size_t digits = 0;
  left_ = 0;
  for (; digits < line.text.size() && hex_digit(line.text[digits]) >= 0; ++digits) {
    if (digits == 15) return {Step::malformed, 0, {}};
    left_ = left_ << 4 | static_cast<std::uint64_t>(hex_digit(line.text[digits]));
  }
  // What follows is an extension or nothing; a blank before it is read by some as the end of the size, by others not.
  if (digits == 0 || (digits < line.text.size() && line.text[digits] != ';')) return {Step::malformed, 0, {}};
  begun_ = true;
  state_ = left_ == 0 ? State::trailer : State::data;
  return {Step::need_more, line.text.size() + 2, {}};
}

ChunkDecoder::Found ChunkDecoder::trailer_line(std::string_view input) {
  const Line line = line_of(input, kMaxTrailer);
  if (line.bad) return {Step::malformed, 0, {}};
  if (!line.whole) return {};
  const std::size_t size = line.text.size() + 2;
  if (line.text.empty()) {
    state_ = State::done;
    return {Step::end, size, {}};
  }
  trailer_bytes_ += size;
  if (trailer_bytes_ > kMaxTrailer || !is_token(line.text.substr(0, line.text.find(':'))) ||
      line.text.find(':') == std::string_view::npos)
    return {Step::malformed, 0, {}};
  return {Step::need_more, size, {}};
}

ChunkDecoder::Found ChunkDecoder::next(std::string_view input) {
  std::size_t done = 0;
  while (true) {
    const std::string_view rest = input.substr(done);
    Found found;
    switch (state_) {
      case State::size:
        found = size_line(rest);
        break;
      case State::trailer:
        found = trailer_line(rest);
        break;
      case State::done:
        return {Step::end, done, {}};
      case State::data: {
        if (rest.empty()) return {Step::need_more, done, {}};
        const std::size_t n = static_cast<std::size_t>(std::min<std::uint64_t>(left_, rest.size()));
        left_ -= n;
        if (left_ == 0) state_ = State::data_end;
        return {Step::data, done + n, rest.substr(0, n)};
      }
      case State::data_end:
        if (!rest.empty() && rest[0] != '\r') return {Step::malformed, done, {}};
        if (rest.size() < 2) return {Step::need_more, done, {}};
        if (rest[1] != '\n') return {Step::malformed, done, {}};
        state_ = State::size;
        found.consumed = 2;
        break;
    }
    done += found.consumed;
    if (found.step != Step::need_more || found.consumed == 0) return {found.step, done, {}};
  }
}

}  // namespace stead::proxy
