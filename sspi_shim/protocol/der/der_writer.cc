#include "sspi_shim/protocol/der/der_writer.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace stead::der {

std::size_t Writer::open(std::uint8_t tag) {
  out_.push_back(tag);
  out_.push_back(0);  // the length, when it is short
  return out_.size();
}

void Writer::close(std::size_t start) {
  const std::size_t length = out_.size() - start;
  if (length < 0x80) {
    out_[start - 1] = static_cast<std::uint8_t>(length);
    return;
  }
  std::array<std::uint8_t, sizeof(length)> octets{};
  std::size_t count = 0;
  for (std::size_t left = length; left != 0; left >>= 8) octets[count++] = static_cast<std::uint8_t>(left);
  std::reverse(octets.begin(), octets.begin() + std::ptrdiff_t(count));
  out_[start - 1] = static_cast<std::uint8_t>(0x80 | count);
  out_.resize(out_.size() + count);
  std::uint8_t* const content = out_.data() + start;
  std::memmove(content + count, content, length);
  std::memcpy(content, octets.data(), count);
}

void Writer::raw(std::uint8_t tag, Bytes content) {
  element(tag, [&](Writer& w) { append(w.out_, content); });
}

void Writer::int64(std::int64_t value) {
  std::array<std::uint8_t, 8> octets{};
  for (int i = 0; i < 8; ++i) octets[std::size_t(i)] = static_cast<std::uint8_t>(std::uint64_t(value) >> (56 - 8 * i));
  std::size_t first = 0;  // the first octet whose removal would change the value
  while (first < 7 && ((octets[first] == 0x00 && octets[first + 1] < 0x80) ||
                       (octets[first] == 0xff && octets[first + 1] >= 0x80))) {
    ++first;
  }
  raw(kInteger, Bytes(octets).subspan(first));
}

void Writer::boolean(bool value) {
  const std::uint8_t octet = value ? 0xff : 0x00;
  raw(kBoolean, {&octet, 1});
}

void Writer::enumerated(std::int32_t value) {
  const std::size_t start = out_.size();
  int64(value);
  out_[start] = kEnumerated;  // the same content octets
}

void Writer::generalized_time(std::chrono::sys_seconds time) {
  using namespace std::chrono;
  // The years that four digits can express.
  constexpr sys_seconds first = sys_days{year{0} / 1 / 1};
  constexpr sys_seconds last = sys_days{year{9999} / 12 / 31} + hours{23} + minutes{59} + seconds{59};
  time = std::clamp(time, first, last);
  const auto midnight = floor<days>(time);
  const year_month_day date{midnight};
  const hh_mm_ss clock{time - midnight};
  std::array<std::uint8_t, 15> text{};
  const auto put = [&](std::size_t at, std::size_t digits, unsigned value) {
    for (std::size_t i = digits; i-- > 0; value /= 10) text[at + i] = static_cast<std::uint8_t>('0' + value % 10);
  };
  put(0, 4, unsigned(int(date.year())));
  put(4, 2, unsigned(date.month()));
  put(6, 2, unsigned(date.day()));
  put(8, 2, unsigned(clock.hours().count()));
  put(10, 2, unsigned(clock.minutes().count()));
  put(12, 2, unsigned(clock.seconds().count()));
  text[14] = 'Z';
  raw(kGeneralizedTime, text);
}

void Writer::kerberos_flags(std::uint32_t flags) {
  std::array<std::uint8_t, 5> content{};
  store_be32(content.data() + 1, flags);
  raw(kBitString, content);
}

}  // namespace stead::der
