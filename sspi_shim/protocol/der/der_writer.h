#pragma once
// Writes DER, mirroring der::Reader call for call. An element's length is written when its body returns.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "sspi_shim/base/bytes.h"
#include "sspi_shim/protocol/der/der_reader.h"

namespace stead::der {

class Writer {
 public:
  // `size_hint`: the expected size of the message. A larger message is no error, but its bytes are copied.
  explicit Writer(std::size_t size_hint = 512) { out_.reserve(size_hint); }

  template <class Body>
  void element(std::uint8_t tag, Body&& body) {
    const std::size_t start = open(tag);
    body(*this);
    close(start);
  }
  template <class Body>
  void sequence(Body&& body) {
    element(kSequence, std::forward<Body>(body));
  }
  template <class Body>
  void field(int number, Body&& body) {
    element(context(number), std::forward<Body>(body));
  }

  void raw(std::uint8_t tag, Bytes content);
  void any(Bytes whole_element) { append(out_, whole_element); }

  void int32(std::int32_t value) { int64(value); }
  void uint32(std::uint32_t value) { int64(value); }
  void int64(std::int64_t value);
  void boolean(bool value);
  void enumerated(std::int32_t value);
  void octet_string(Bytes content) { raw(kOctetString, content); }
  void general_string(std::string_view text) { raw(kGeneralString, as_bytes(text)); }
  void utf8_string(std::string_view text) { raw(kUtf8String, as_bytes(text)); }
  void generalized_time(std::chrono::sys_seconds time);
  void kerberos_flags(std::uint32_t flags);  // always 32 bits

  [[nodiscard]] Buffer finish() && { return std::move(out_); }
  // For messages that contain keys. Pass a sufficient size to the constructor: growing leaves a copy in freed memory.
  [[nodiscard]] SecretBuffer finish_secret() && {
    SecretBuffer secret(out_.begin(), out_.end());
    wipe(out_.data(), out_.size());
    return secret;
  }

 private:
  std::size_t open(std::uint8_t tag);
  void close(std::size_t start);
  Buffer out_;
};

}  // namespace stead::der
