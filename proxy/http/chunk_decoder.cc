#include "proxy/http/chunk_decoder.h"

#include <boost/asio/buffer.hpp>
#include <boost/none.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "proxy/http/beast_parser.h"
#include "proxy/http/text_rules.h"
#include "proxy/http/wire_text.h"
#include "sspi_shim/base/hex.h"
#include "sspi_shim/base/text.h"

namespace stead::proxy {
namespace {

constexpr std::size_t kMaxSizeLine = 1024, kMaxTrailer = 16 * 1024, kMaxDigits = 15;

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

// Names that Beast acts on, although they mean nothing in a trailer (RFC 9110 §6.5.1).
bool frames_a_message(std::string_view name) {
  return equal_ignoring_case(name, "content-length") || equal_ignoring_case(name, "transfer-encoding") ||
         equal_ignoring_case(name, "connection") || equal_ignoring_case(name, "proxy-connection");
}

}  // namespace

// Beast decodes the coding of a message only, so this parser is given a head first.
class ChunkDecoder::Parser final : public BeastParser<false> {
 public:
  explicit Parser(std::string* trailers) : trailers_(trailers) {
    this->body_limit(boost::none);
    (void)put_all("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    in_head_ = false;
  }
  // False: Beast refuses the octets, or it wants more behind them.
  [[nodiscard]] bool put_all(std::string_view octets) {
    Error error;
    const std::size_t used = put(boost::asio::buffer(octets.data(), octets.size()), error);
    return !error && used == octets.size();
  }
  // Of the chunk whose size was put: the part of its data that is there.
  [[nodiscard]] std::string_view put_data(std::string_view octets) {
    Error error;
    data_ = {};
    (void)put(boost::asio::buffer(octets.data(), octets.size()), error);
    return data_;
  }
  [[nodiscard]] std::uint64_t left() const { return left_; }  // of the chunk

 private:
  void on_chunk_header_impl(std::uint64_t size, Text /*extensions*/, Error& /*error*/) override { left_ = size; }
  std::size_t on_chunk_body_impl(std::uint64_t /*remain*/, Text body, Error& /*error*/) override {
    data_ = view(body);
    left_ -= body.size();
    return body.size();
  }
  void on_field_impl(FieldName /*known*/, Text name, Text value, Error& /*error*/) override {
    if (!in_head_ && trailers_ != nullptr) append_field(*trailers_, view(name), view(value));
  }

  std::string* trailers_;  // null: they are dropped
  bool in_head_ = true;
  std::uint64_t left_ = 0;
  std::string_view data_;
};

ChunkDecoder::ChunkDecoder(BodyOf of) : of_(of) {}
ChunkDecoder::~ChunkDecoder() = default;

std::size_t ChunkDecoder::longest_line() const {
  if (state_ == State::data_end) return 0;
  return state_ == State::size ? kMaxSizeLine : kMaxTrailer;
}

bool ChunkDecoder::take_size(std::string_view line) {
  std::size_t digits = 0;
  while (digits < line.size() && hex_digit(line[digits]) >= 0) ++digits;
  if (digits == 0 || digits > kMaxDigits) return false;
  // Only an extension may follow. In a request a blank before it is an error: parsers disagree whether it ends the size.
  std::string_view after = line.substr(digits);
  if (of_ == BodyOf::response) after = trim_blanks(after);
  if (!after.empty() && after.front() != ';') return false;
  lines_.append(line.substr(0, of_ == BodyOf::response ? digits : line.size())).append("\r\n");
  begun_ = true;
  if (line.substr(0, digits).find_first_not_of('0') == std::string_view::npos) {
    state_ = State::trailer;  // Beast parses the last chunk and its trailers as one
    return true;
  }
  if (!parser_->put_all(lines_)) return false;
  lines_.clear();
  state_ = State::data;
  return true;
}

bool ChunkDecoder::take_trailer(std::string_view line) {
  if (line.empty()) {
    state_ = State::done;
    return parser_->put_all(lines_.append("\r\n"));
  }
  trailer_bytes_ += line.size() + 2;
  const std::size_t colon = line.find(':');
  if (trailer_bytes_ > kMaxTrailer || colon == std::string_view::npos) return false;
  std::string_view name = line.substr(0, colon);
  if (of_ == BodyOf::response) name = trim_end(name);
  if (!is_token(name)) return false;
  if (of_ == BodyOf::request || !frames_a_message(name)) lines_.append(name).append(line.substr(colon)).append("\r\n");
  return true;
}

bool ChunkDecoder::take_line(std::string_view line) {
  switch (state_) {
    case State::size:
      return take_size(line);
    case State::trailer:
      return take_trailer(line);
    case State::data_end:
      lines_.append("\r\n");  // Beast takes it with the next size
      state_ = State::size;
      return line.empty();
    case State::data:
    case State::done:
      break;
  }
  return false;
}

ChunkDecoder::Found ChunkDecoder::next(std::string_view input) {
  if (!parser_) parser_ = std::make_unique<Parser>(of_ == BodyOf::response ? &trailers_ : nullptr);
  std::size_t done = 0;
  while (state_ != State::done) {
    const std::string_view rest = input.substr(done);
    if (rest.empty()) return {Status::need_more, done, {}};
    if (state_ == State::data) {
      const std::string_view data = parser_->put_data(rest);
      if (parser_->left() == 0) state_ = State::data_end;
      return {Status::data, done + data.size(), data};
    }
    if (state_ == State::size && hex_digit(rest.front()) < 0) return {Status::malformed, done, {}};
    const Line line = first_line(rest, longest_line());
    if (line.bad) return {Status::malformed, done, {}};
    if (!line.whole) return {Status::need_more, done, {}};
    if (!take_line(line.text)) return {Status::malformed, done, {}};
    done += line.text.size() + 2;
  }
  return {Status::end, done, {}};
}

}  // namespace stead::proxy
