#include <cstddef>
#include <cstdint>

#include "sspi_shim/protocol/types/types.h"
#include "tests/fuzz/fuzz_roundtrip.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stead;
  return fuzz::round_trip(
      {data, size}, [](Bytes text) { return parse_principal(as_text(text)); },
      [](const Principal& value) { return to_buffer(as_bytes(to_string(value))); });
}
