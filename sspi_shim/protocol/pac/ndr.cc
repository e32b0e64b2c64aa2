#include "sspi_shim/protocol/pac/ndr.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "sspi_shim/base/unicode.h"

namespace stead::ndr {
namespace {

constexpr std::size_t kHeadersSize = 16;
constexpr std::size_t kMaxStringBytes = 0xfffe;

Buffer utf16_that_fits(std::string_view utf8) {
  Buffer out = to_utf16le(utf8);
  if (out.size() <= kMaxStringBytes) return out;
  out.resize(kMaxStringBytes);
  if ((load_le16(&out[kMaxStringBytes - 2]) & 0xfc00) == 0xd800)
    out.resize(kMaxStringBytes - 2);  // half a surrogate pair
  return out;
}

}  // namespace

Reader::Reader(Bytes serialized) {
  const std::uint32_t length = serialized.size() < kHeadersSize ? 0 : load_le32(&serialized[8]);
  if (serialized.size() < kHeadersSize) {
    fail(WireErrc::truncated);
  } else if (serialized[0] != 1 || serialized[1] != 0x10) {  // version 1, little-endian
    fail(WireErrc::unsupported);
  } else if (load_le16(&serialized[2]) != 8) {
    fail(WireErrc::bad_value);
  } else if (length > serialized.size() - kHeadersSize) {
    fail(WireErrc::bad_length);
  } else {
    all_ = serialized.subspan(kHeadersSize, length);
    if (!pointer()) fail(WireErrc::bad_value);
  }
}

void Reader::fail(WireErrc why) {
  if (!error_) error_ = why;
  all_ = {};
  at_ = 0;
}

bool Reader::need(std::size_t count) {
  if (failed()) return false;
  if (count <= remaining()) return true;
  fail(WireErrc::truncated);
  return false;
}

void Reader::align(std::size_t to) {
  const std::size_t padding = (to - at_ % to) % to;
  if (need(padding)) at_ += padding;
}

std::uint8_t Reader::u8() {
  return need(1) ? all_[at_++] : std::uint8_t(0);
}

std::uint16_t Reader::u16() {
  align(2);
  if (!need(2)) return 0;
  at_ += 2;
  return load_le16(&all_[at_ - 2]);
}

std::uint32_t Reader::u32() {
  align(4);
  if (!need(4)) return 0;
  at_ += 4;
  return load_le32(&all_[at_ - 4]);
}

std::uint64_t Reader::filetime() {
  const std::uint64_t low = u32();
  return low | std::uint64_t(u32()) << 32;
}

Bytes Reader::bytes(std::size_t count) {
  if (!need(count)) return {};
  at_ += count;
  return all_.subspan(at_ - count, count);
}

std::uint32_t Reader::conformance(std::size_t item_size) {
  const std::uint32_t count = u32();
  if (failed()) return 0;
  if (count > remaining() / item_size) {
    fail(WireErrc::too_large);
    return 0;
  }
  return count;
}

Sid Reader::sid() {
  const std::uint32_t count = conformance(4);
  if (failed()) return {};
  std::size_t used = 0;
  auto sid = decode_sid_prefix(all_.subspan(at_), used);
  if (!sid || sid->subauthorities.size() != count) {
    fail(sid ? WireErrc::bad_value : WireErrc(sid.error().value()));
    return {};
  }
  at_ += used;
  return std::move(*sid);
}

Reader::StringHeader Reader::string_header() {
  StringHeader header;
  header.length = u16();
  header.maximum = u16();
  header.present = pointer();
  if (header.length % 2 != 0) fail(WireErrc::bad_length);
  if (header.length > header.maximum || (header.length != 0 && !header.present)) fail(WireErrc::bad_value);
  return header;
}

std::string Reader::string_body(const StringHeader& header) {
  if (!header.present) return {};
  const std::uint32_t maximum = u32(), offset = u32(), actual = u32();
  if (failed()) return {};
  if (offset != 0 || actual > maximum || actual < header.length / 2u) {
    fail(WireErrc::bad_value);
    return {};
  }
  if (actual > remaining() / 2) {
    fail(WireErrc::truncated);
    return {};
  }
  const Bytes content = bytes(2 * std::size_t(actual));
  return from_utf16le(content.first(header.length));
}

Writer::Writer()
    : out_{0x01, 0x10, 0x08, 0x00, 0xcc, 0xcc, 0xcc, 0xcc, 0, 0, 0, 0, 0, 0, 0, 0, 0x00, 0x00, 0x02, 0x00} {}

void Writer::align(std::size_t to) {
  out_.resize((out_.size() + to - 1) / to * to);
}

void Writer::u8(std::uint8_t v) {
  out_.push_back(v);
}

void Writer::u16(std::uint16_t v) {
  align(2);
  out_.resize(out_.size() + 2);
  store_le16(&out_[out_.size() - 2], v);
}

void Writer::u32(std::uint32_t v) {
  align(4);
  out_.resize(out_.size() + 4);
  store_le32(&out_[out_.size() - 4], v);
}

void Writer::filetime(std::uint64_t v) {
  u32(std::uint32_t(v));
  u32(std::uint32_t(v >> 32));
}

void Writer::bytes(Bytes content) {
  append(out_, content);
}

void Writer::pointer(bool present) {
  u32(present ? next_referent_ : 0);
  if (present) next_referent_ += 4;
}

void Writer::sid(const Sid& sid) {
  u32(std::uint32_t(sid.subauthorities.size()));
  bytes(encode(sid));
}

void Writer::string_header(std::string_view utf8) {
  const auto size = std::uint16_t(utf16_that_fits(utf8).size());
  u16(size);
  u16(size);
  pointer(true);
}

void Writer::string_body(std::string_view utf8) {
  const Buffer content = utf16_that_fits(utf8);
  const auto units = std::uint32_t(content.size() / 2);
  u32(units);
  u32(0);
  u32(units);
  bytes(content);
}

Buffer Writer::finish() && {
  align(8);
  store_le32(&out_[8], std::uint32_t(out_.size() - kHeadersSize));
  return std::move(out_);
}

}  // namespace stead::ndr
