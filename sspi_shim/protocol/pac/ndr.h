#pragma once
// NDR (transfer syntax 1, little-endian) with the type-serialization header of MS-RPCE §2.2.6, as far as PAC buffers
// need it. The reader keeps the first error, as der::Reader does; the writer mirrors it. Integers are aligned.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sspi_shim/base/bytes.h"
#include "sspi_shim/protocol/errors/error.h"
#include "sspi_shim/protocol/security/sid.h"

namespace stead::ndr {

class Reader {
 public:
  // Checks and strips the two headers (01 10 08 00 CC CC CC CC, length, 0) and the referent of the outermost structure.
  // Ignores the filler octets and the bytes beyond the length.
  explicit Reader(Bytes serialized);

  std::uint8_t u8();
  std::uint16_t u16();
  std::uint32_t u32();
  std::uint64_t filetime();  // two u32, low first
  Bytes bytes(std::size_t count);
  void align(std::size_t to);
  bool pointer() { return u32() != 0; }  // referent id: true if there is a deferred part
  // The maximum count of a conformant array; fails with too_large if count * `item_size` exceeds the rest.
  std::uint32_t conformance(std::size_t item_size);
  Sid sid();  // deferred RPC_SID with its conformance
  // RPC_UNICODE_STRING: the fixed part, then its deferred part, in UTF-8.
  struct StringHeader {
    std::uint16_t length = 0, maximum = 0;  // bytes
    bool present = false;
  };
  StringHeader string_header();
  std::string string_body(const StringHeader& header);

  [[nodiscard]] bool failed() const { return static_cast<bool>(error_); }
  [[nodiscard]] Error error() const { return error_; }
  void fail(WireErrc why);
  // The first error; trailing_bytes if more than the padding to 8 follows; else the value.
  template <class T>
  [[nodiscard]] Result<T> finish(T value) {
    if (remaining() >= 8) fail(WireErrc::trailing_bytes);
    if (failed()) return error_;
    return value;
  }
  [[nodiscard]] std::size_t remaining() const { return all_.size() - at_; }

 private:
  bool need(std::size_t count);
  Bytes all_;
  std::size_t at_ = 0;
  Error error_;
};

class Writer {
 public:
  Writer();
  void u8(std::uint8_t v);
  void u16(std::uint16_t v);
  void u32(std::uint32_t v);
  void filetime(std::uint64_t v);
  void bytes(Bytes content);
  void align(std::size_t to);
  void pointer(bool present);  // the next referent id, or 0
  void sid(const Sid& sid);
  // An empty string has a referent and an empty deferred part, as domain controllers write it. Cut after 65534
  // bytes.
  void string_header(std::string_view utf8);
  void string_body(std::string_view utf8);
  [[nodiscard]] Buffer finish() &&;  // headers and lengths filled in, padded to 8

 private:
  Buffer out_;
  std::uint32_t next_referent_ = 0x00020004;
};

}  // namespace stead::ndr
