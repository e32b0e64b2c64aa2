// What PA-FX-FAST carries, in requests and replies, outside and inside of its encryption.
#include <cstddef>
#include <cstdint>

#include "sspi_shim/protocol/messages/fast.h"
#include "tests/fuzz/fuzz_roundtrip.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stead;
  const Bytes bytes(data, size);
  fuzz::round_trip(bytes, decode_pa_fx_fast_request);
  fuzz::round_trip(bytes, decode_fast_req);
  fuzz::round_trip(bytes, decode_pa_fx_fast_reply, encode_pa_fx_fast_reply);
  return fuzz::round_trip(bytes, decode_fast_response);
}
