#include <cstddef>
#include <cstdint>
#include <vector>

#include "sspi_shim/protocol/messages/preauth.h"
#include "tests/fuzz/fuzz_roundtrip.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return stead::fuzz::round_trip({data, size}, stead::decode_etype_info2,
                                 [](const std::vector<stead::EtypeInfo2Entry>& value) { return stead::encode(value); });
}
