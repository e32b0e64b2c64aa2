#include "proxy/http/chunk_decoder.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/http/text_rules.h"
#include "sspi_shim/base/hex.h"
#include "sspi_shim/base/text.h"

namespace stead::proxy {
namespace {

constexpr std::size_t kMaxSizeLine = 1024, kMaxTrailer = 16 * 1024;

// The line at the start of the input.
struct Line {
  bool whole = false;  // its CR LF is there
  bool bad = false;    // too long, a control character in it, or a CR without LF
  std::string_view text;
};
Line first_line(std::string_view input, std::size_t limit) {
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

}  // namespace

ChunkDecoder::Found ChunkDecoder::size_line(std::string_view input) {
  if (!input.empty() && hex_digit(input.front()) < 0) return {Status::malformed, 0, {}};
  const Line line = first_line(input, kMaxSizeLine);
  if (line.bad) return {Status::malformed, 0, {}};
  if (!line.whole) return {};
  std::size_t digits = 0;
  left_ = 0;
  for (; digits < line.text.size() && hex_digit(line.text[digits]) >= 0; ++digits) {
    if (digits == 15) return {Status::malformed, 0, {}};
    left_ = left_ << 4 | static_cast<std::uint64_t>(hex_digit(line.text[digits]));
  }
  // Only an extension may follow. In a request a blank before it is an error: parsers disagree whether it ends the size.
  std::string_view after = line.text.substr(digits);
  if (of_ == BodyOf::response) after = trim_blanks(after);
  if (digits == 0 || (!after.empty() && after.front() != ';')) return {Status::malformed, 0, {}};
  begun_ = true;
  state_ = left_ == 0 ? State::trailer : State::data;
  return {Status::need_more, line.text.size() + 2, {}};
}

ChunkDecoder::Found ChunkDecoder::trailer_line(std::string_view input) {
  const Line line = first_line(input, kMaxTrailer);
  if (line.bad) return {Status::malformed, 0, {}};
  if (!line.whole) return {};
  const std::size_t size = line.text.size() + 2;
  if (line.text.empty()) {
    state_ = State::done;
    return {Status::end, size, {}};
  }
  trailer_bytes_ += size;
  if (trailer_bytes_ > kMaxTrailer || !keep_trailer(line.text)) return {Status::malformed, 0, {}};
  return {Status::need_more, size, {}};
}

bool ChunkDecoder::keep_trailer(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return false;
  std::string_view name = line.substr(0, colon);
  if (of_ == BodyOf::response) name = trim_end(name);
  if (!is_token(name)) return false;
  if (of_ == BodyOf::response)
    trailers_.append(name).append(": ").append(trim_blanks(line.substr(colon + 1))).append("\r\n");
  return true;
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
        return {Status::end, done, {}};
      case State::data: {
        if (rest.empty()) return {Status::need_more, done, {}};
        const std::size_t n = static_cast<std::size_t>(std::min<std::uint64_t>(left_, rest.size()));
        left_ -= n;
        if (left_ == 0) state_ = State::data_end;
        return {Status::data, done + n, rest.substr(0, n)};
      }
      case State::data_end:
        if (!rest.empty() && rest[0] != '\r') return {Status::malformed, done, {}};
        if (rest.size() < 2) return {Status::need_more, done, {}};
        if (rest[1] != '\n') return {Status::malformed, done, {}};
        state_ = State::size;
        found.consumed = 2;
        break;
    }
    done += found.consumed;
    if (found.status != Status::need_more || found.consumed == 0) return {found.status, done, {}};
  }
}

}  // namespace stead::proxy
