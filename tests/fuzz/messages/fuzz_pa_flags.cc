// The three small ones: PA-PAC-REQUEST, PA-PAC-OPTIONS, PA-SUPPORTED-ENCTYPES.
#include <cstddef>
#include <cstdint>

#include "sspi_shim/protocol/messages/preauth.h"
#include "tests/fuzz/fuzz_roundtrip.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stead;
  const Bytes bytes(data, size);
  fuzz::round_trip(bytes, decode_pa_pac_request, encode_pa_pac_request);
  fuzz::round_trip(bytes, decode_pa_pac_options, encode_pa_pac_options);
  return fuzz::round_trip(bytes, decode_pa_supported_enctypes, encode_pa_supported_enctypes);
}
