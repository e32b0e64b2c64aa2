#pragma once
// What every decoder must refuse, whatever it decodes.
#include <cstddef>
#include <cstdint>

#include <gtest/gtest.h>

#include "sspi_shim/base/bytes.h"
#include "sspi_shim/base/hex.h"
#include "sspi_shim/protocol/errors/error.h"

namespace stead {

// A value comes back as it was, and from every prefix of its encoding, and with a byte behind it, none comes back. Each
// input has memory of its own, so that a sanitizer sees a byte read too far.
template <class Value, class Decode, class Encode>
void expect_round_trip(const Value& value, Decode&& decode, Encode&& encode_value) {
  const auto encoded = encode_value(value);
  const Buffer whole(encoded.begin(), encoded.end());
  const auto decoded = decode(Bytes(whole));
  ASSERT_TRUE(decoded.has_value()) << decoded.error().message() << ": " << to_hex(whole);
  EXPECT_TRUE(*decoded == value) << to_hex(whole);
  const auto again = encode_value(*decoded);
  EXPECT_EQ(to_hex(again), to_hex(whole));
}

template <class Decode>
void expect_refuses_every_prefix(const Buffer& whole, Decode&& decode) {
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const Buffer prefix(whole.begin(), whole.begin() + std::ptrdiff_t(size));
    const auto decoded = decode(Bytes(prefix));
    ASSERT_FALSE(decoded.has_value()) << "decodes from the first " << size << " bytes of " << to_hex(whole);
    EXPECT_TRUE(decoded.error() == make_error_code(WireErrc::truncated))
        << size << " bytes: " << decoded.error().message();
  }
}

template <class Decode>
void expect_refuses_trailing_byte(Buffer whole, Decode&& decode) {
  whole.push_back(0);
  const auto decoded = decode(Bytes(whole));
  ASSERT_FALSE(decoded.has_value()) << to_hex(whole);
  EXPECT_TRUE(decoded.error() == make_error_code(WireErrc::trailing_bytes)) << decoded.error().message();
}

// The whole of it for a DER message: round trip, truncated at every byte, trailing, another outer tag, an indefinite
// and a padded length, and every byte replaced, which may decode to something else but must not hurt.
template <class Value, class Decode, class Encode>
void expect_sound_der(const Value& value, Decode&& decode, Encode&& encode_value) {
  expect_round_trip(value, decode, encode_value);
  const auto encoded = encode_value(value);
  const Buffer whole(encoded.begin(), encoded.end());
  expect_refuses_every_prefix(whole, decode);
  expect_refuses_trailing_byte(whole, decode);

  Buffer changed = whole;
  changed[0] ^= 0x01;
  EXPECT_TRUE(decode(Bytes(changed)).error() == make_error_code(WireErrc::bad_tag));
  changed = whole;
  changed[1] = 0x80;
  EXPECT_TRUE(decode(Bytes(changed)).error() == make_error_code(WireErrc::bad_length));
  changed = whole;
  if (changed[1] < 0x80) {
    changed.insert(changed.begin() + 1, 0x81);
  } else {
    ++changed[1];
    changed.insert(changed.begin() + 2, 0x00);
  }
  EXPECT_TRUE(decode(Bytes(changed)).error() == make_error_code(WireErrc::bad_length));

  for (std::size_t i = 0; i < whole.size(); ++i) {
    for (const int octet : {0x00, 0x7f, 0x80, 0xff, 0x30, whole[i] ^ 0x20, whole[i] + 1}) {
      changed = whole;
      changed[i] = static_cast<std::uint8_t>(octet);
      const auto decoded = decode(Bytes(changed));
      if (!decoded) continue;
      EXPECT_TRUE(decode(Bytes(encode_value(*decoded))).has_value()) << i << ": " << to_hex(changed);
    }
  }
}

template <class Value, class Decode>
void expect_sound_der(const Value& value, Decode&& decode) {
  expect_sound_der(value, decode, [](const Value& v) { return encode(v); });
}

}  // namespace stead
