#pragma once
// Reads DER (ITU-T X.690 §10). The reader borrows its bytes, keeps the first error and returns empty values from then
// on: a decoder follows the ASN.1 line by line and checks for errors once, by finish(). Lengths are definite and
// minimal. Reader::Rules::ber also accepts long forms of short lengths, which LDAP peers send (0x84).
//
// Leaving an element half read is an error unless the decoder calls skip_rest().
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "sspi_shim/base/bytes.h"
#include "sspi_shim/protocol/errors/error.h"

namespace stead::der {

enum class Rules { der, ber };
constexpr int kMaxDepth = 32;

// Tag octets: class and constructed bits together with the number (all numbers here are below 31).
constexpr std::uint8_t kInteger = 0x02, kBitString = 0x03, kOctetString = 0x04, kNull = 0x05, kOid = 0x06,
                       kEnumerated = 0x0a, kBoolean = 0x01, kUtf8String = 0x0c, kGeneralizedTime = 0x18,
                       kGeneralString = 0x1b, kSequence = 0x30, kSet = 0x31;
constexpr std::uint8_t context(int number) {
  return std::uint8_t(0xa0 | number);
}  // constructed
constexpr std::uint8_t context_primitive(int number) {
  return std::uint8_t(0x80 | number);
}
constexpr std::uint8_t application(int number) {
  return std::uint8_t(0x60 | number);
}  // constructed

class Reader {
 public:
  explicit Reader(Bytes bytes, Rules rules = Rules::der) : Reader(bytes, rules, nullptr, 0) {}
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  [[nodiscard]] bool at_end() const { return rest_.empty() || failed(); }
  [[nodiscard]] bool failed() const { return static_cast<bool>(*error_); }
  [[nodiscard]] Error error() const { return *error_; }
  void fail(WireErrc why);
  void skip_rest() { rest_ = {}; }

  // The bytes not read yet: for decoders that keep an element as received.
  [[nodiscard]] Bytes rest() const { return rest_; }

  // The next element's tag octet, 0 at the end.
  [[nodiscard]] std::uint8_t peek() const { return at_end() ? 0 : rest_[0]; }

  // One element with this tag: `body` must read all of its content. A missing element or another tag: bad_tag.
  // If the bytes end too early: truncated; if an element is longer than the one around it: bad_length.
  template <class Body>
  void element(std::uint8_t tag, Body&& body) {
    const Bytes content = raw(tag);
    if (failed()) return;
    Reader inner(content, rules_, error_, depth_ + 1);
    if (failed()) return;
    body(inner);
    inner.expect_end();
  }
  template <class Body>
  void sequence(Body&& body) {
    element(kSequence, std::forward<Body>(body));
  }
  // SEQUENCE OF: `item` is called for each element until the end. More than `limit` items: too_large.
  template <class Item>
  void sequence_of(Item&& item, std::size_t limit = 4096) {
    sequence([&](Reader& r) {
      std::size_t count = 0;
      while (!r.at_end()) {
        if (++count > limit) return r.fail(WireErrc::too_large);
        item(r);
      }
    });
  }
  // [n] EXPLICIT, required.
  template <class Body>
  void field(int number, Body&& body) {
    element(context(number), std::forward<Body>(body));
  }
  // [n] EXPLICIT OPTIONAL: true if it is present.
  template <class Body>
  bool optional_field(int number, Body&& body) {
    if (peek() != context(number)) return false;
    field(number, std::forward<Body>(body));
    return !failed();
  }

  // Content octets of the next element, which must have this tag.
  Bytes raw(std::uint8_t tag);
  // The next element whole, header included, whatever its tag; empty on error.
  Bytes any();

  // INTEGER within 32 bits signed, RFC 4120's Int32; with `unsigned32` also UInt32 values.
  std::int32_t int32();
  std::uint32_t uint32();  // also accepts negative encodings of values above 0x7fffffff: some peers send nonces so
  std::int64_t int64();
  bool boolean();
  std::int32_t enumerated();
  Bytes octet_string() { return raw(kOctetString); }
  std::string general_string();  // KerberosString; any octets except NUL
  std::string utf8_string();
  std::chrono::sys_seconds generalized_time();  // KerberosTime: YYYYMMDDHHMMSSZ and nothing else
  // BIT STRING, which may be empty (no flags set): fewer than 32 bits are filled with zeros, more are ignored.
  std::uint32_t kerberos_flags();

  // The first error, or trailing_bytes, or the value.
  template <class T>
  [[nodiscard]] Result<T> finish(T value) {
    expect_end();
    if (failed()) return Result<T>(boost::system::in_place_error, *error_);
    return value;
  }

 private:
  Reader(Bytes bytes, Rules rules, Error* shared, int depth);
  void expect_end();
  Bytes take_element(std::uint8_t& tag, std::size_t* header_size);

  Bytes rest_;
  Rules rules_;
  int depth_;
  Error own_error_;
  Error* error_;
};

}  // namespace stead::der
