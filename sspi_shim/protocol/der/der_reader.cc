#include "sspi_shim/protocol/der/der_reader.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>

namespace stead::der {

Reader::Reader(Bytes bytes, Rules rules, Error* shared, int depth)
    : rest_(bytes), rules_(rules), depth_(depth), error_(shared != nullptr ? shared : &own_error_) {
  if (depth_ > kMaxDepth) fail(WireErrc::too_deep);
}

void Reader::fail(WireErrc why) {
  if (!failed()) *error_ = why;
  rest_ = {};
}

void Reader::expect_end() {
  if (!failed() && !rest_.empty()) fail(WireErrc::trailing_bytes);
}

// Consumes one element and returns its content. An element that ends too early is `truncated` at the top level, where
// bytes are missing, and has a `bad_length` inside another element, which it exceeds.
Bytes Reader::take_element(std::uint8_t& tag, std::size_t* header_size) {
  if (failed()) return {};
  const WireErrc short_of = depth_ == 0 ? WireErrc::truncated : WireErrc::bad_length;
  if (rest_.empty()) return fail(depth_ == 0 ? WireErrc::truncated : WireErrc::bad_tag), Bytes{};
  tag = rest_[0];
  if ((tag & 0x1f) == 0x1f) return fail(WireErrc::bad_tag), Bytes{};
  if (rest_.size() < 2) return fail(short_of), Bytes{};

  std::size_t header = 2;
  std::size_t length = rest_[1];
  if (length >= 0x80) {
    const std::size_t octets = length & 0x7f;
    if (octets == 0 || octets > 8) return fail(WireErrc::bad_length), Bytes{};
    header += octets;
    if (rest_.size() < header) return fail(short_of), Bytes{};
    length = 0;
    for (std::size_t i = 2; i < header; ++i) {
      if (length > std::numeric_limits<std::uint32_t>::max() >> 8) return fail(WireErrc::bad_length), Bytes{};
      length = length << 8 | rest_[i];
    }
    const bool minimal = rest_[2] != 0 && length >= 0x80;
    if (rules_ == Rules::der && !minimal) return fail(WireErrc::bad_length), Bytes{};
  }
  if (length > rest_.size() - header) return fail(short_of), Bytes{};

  const Bytes content = rest_.subspan(header, length);
  rest_ = rest_.subspan(header + length);
  if (header_size != nullptr) *header_size = header;
  return content;
}

Bytes Reader::raw(std::uint8_t tag) {
  if (failed()) return {};
  if (!rest_.empty() && rest_[0] != tag) return fail(WireErrc::bad_tag), Bytes{};
  std::uint8_t found = 0;
  return take_element(found, nullptr);
}

Bytes Reader::any() {
  const Bytes before = rest_;
  std::uint8_t tag = 0;
  std::size_t header = 0;
  const Bytes content = take_element(tag, &header);
  return failed() ? Bytes{} : before.first(header + content.size());
}

std::int64_t Reader::int64() {
  const Bytes content = raw(kInteger);
  if (failed()) return 0;
  if (content.empty() || content.size() > 8) return fail(WireErrc::bad_value), 0;
  if (rules_ == Rules::der && content.size() > 1 &&
      ((content[0] == 0x00 && content[1] < 0x80) || (content[0] == 0xff && content[1] >= 0x80))) {
    return fail(WireErrc::bad_value), 0;
  }
  std::uint64_t value = content[0] >= 0x80 ? ~std::uint64_t{0} : 0;
  for (const std::uint8_t octet : content) value = value << 8 | octet;
  return static_cast<std::int64_t>(value);
}

std::int32_t Reader::int32() {
  const std::int64_t value = int64();
  if (value < std::numeric_limits<std::int32_t>::min() || value > std::numeric_limits<std::int32_t>::max()) {
    return fail(WireErrc::bad_value), 0;
  }
  return static_cast<std::int32_t>(value);
}

std::uint32_t Reader::uint32() {
  const std::int64_t value = int64();
  if (value < std::numeric_limits<std::int32_t>::min() || value > std::numeric_limits<std::uint32_t>::max()) {
    return fail(WireErrc::bad_value), 0;
  }
  return static_cast<std::uint32_t>(value);
}

bool Reader::boolean() {
  const Bytes content = raw(kBoolean);
  if (failed()) return false;
  if (content.size() != 1) return fail(WireErrc::bad_value), false;
  return content[0] != 0;
}

std::int32_t Reader::enumerated() {
  const Bytes content = raw(kEnumerated);
  if (failed()) return 0;
  if (content.empty() || content.size() > 4) return fail(WireErrc::bad_value), 0;
  std::uint32_t value = content[0] >= 0x80 ? ~std::uint32_t{0} : 0;
  for (const std::uint8_t octet : content) value = value << 8 | octet;
  return static_cast<std::int32_t>(value);
}

std::string Reader::general_string() {
  const Bytes content = raw(kGeneralString);
  if (std::ranges::find(content, 0) != content.end()) return fail(WireErrc::bad_value), std::string{};
  return std::string(as_text(content));
}

std::string Reader::utf8_string() {
  const Bytes content = raw(kUtf8String);
  if (std::ranges::find(content, 0) != content.end()) return fail(WireErrc::bad_value), std::string{};
  return std::string(as_text(content));
}

std::chrono::sys_seconds Reader::generalized_time() {
  using namespace std::chrono;
  const Bytes content = raw(kGeneralizedTime);
  if (failed()) return {};
  const auto is_digit = [](std::uint8_t c) { return c >= '0' && c <= '9'; };
  if (content.size() != 15 || content[14] != 'Z' || !std::ranges::all_of(content.first(14), is_digit)) {
    return fail(WireErrc::bad_value), sys_seconds{};
  }
  const auto number = [&](std::size_t at, std::size_t digits) {
    int value = 0;
    for (std::size_t i = at; i < at + digits; ++i) value = value * 10 + (content[i] - '0');
    return value;
  };
  const year_month_day date{year{number(0, 4)}, month(unsigned(number(4, 2))), day(unsigned(number(6, 2)))};
  const int hour = number(8, 2), minute = number(10, 2), second = number(12, 2);
  if (!date.ok() || hour > 23 || minute > 59 || second > 59) return fail(WireErrc::bad_value), sys_seconds{};
  return sys_days{date} + hours{hour} + minutes{minute} + seconds{second};
}

std::uint32_t Reader::kerberos_flags() {
  const Bytes content = raw(kBitString);
  if (failed()) return 0;
  if (content.empty() || content[0] > 7) return fail(WireErrc::bad_value), 0;
  if (content.size() == 1) {  // no bit is set
    if (content[0] != 0) return fail(WireErrc::bad_value), 0;
    return 0;
  }
  // Unused bits must be zero (X.690 §11.2.1): a reader that includes them sees other flags than this one.
  if (rules_ == Rules::der && (content.back() & ~(0xff << content[0]) & 0xff) != 0) return fail(WireErrc::bad_value), 0;
  std::uint32_t flags = 0;
  for (std::size_t i = 1; i < 5; ++i) flags = flags << 8 | (i < content.size() ? content[i] : 0);
  // The unused bits of the last octet do not belong to the value.
  if (content.size() <= 5) flags &= ~std::uint32_t{0} << (8 * (5 - content.size()) + content[0]);
  return flags;
}

}  // namespace stead::der
