#pragma once
// What every fuzz target checks: bytes that decode still equal themselves after encode and decode.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "sspi_shim/base/bytes.h"
#include "sspi_shim/protocol/errors/error.h"

namespace stead::fuzz {

inline void expect(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

template <class Decode, class Encode>
int round_trip(Bytes bytes, Decode&& decode, Encode&& encode) {
  const auto value = decode(bytes);
  if (!value) {
    expect(static_cast<bool>(value.error()), "a refusal has an error");
    return 0;
  }
  const auto encoded = encode(*value);
  const auto again = decode(Bytes(encoded));
  expect(again.has_value(), "what we encode decodes");
  expect(*again == *value, "decode(encode(value)) == value");
  expect(encode(*again) == encoded, "encoding is stable");
  return 0;
}

// With the overload of encode() that goes with the value.
template <class Decode>
int round_trip(Bytes bytes, Decode&& decode_bytes) {
  return round_trip(bytes, decode_bytes, [](const auto& value) { return encode(value); });
}

}  // namespace stead::fuzz

// A target for one decoder whose encode() is found by its value's type.
#define STEAD_FUZZ_ROUND_TRIP(decode)                                                              \
  extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {              \
    return stead::fuzz::round_trip({data, size}, [](stead::Bytes b) { return stead::decode(b); }); \
  }
