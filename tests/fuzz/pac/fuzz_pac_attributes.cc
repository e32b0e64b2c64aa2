#include <cstddef>
#include <cstdint>

#include "sspi_shim/protocol/pac/pac_buffers.h"
#include "tests/fuzz/fuzz_roundtrip.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stead;
  return fuzz::round_trip(
      {data, size}, [](Bytes bytes) { return decode_pac_attributes(bytes); },
      [](std::uint32_t flags) { return encode_pac_attributes(flags); });
}
