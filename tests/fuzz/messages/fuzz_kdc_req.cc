#include <cstddef>
#include <cstdint>

#include "sspi_shim/protocol/messages/kdc_messages.h"
#include "tests/fuzz/fuzz_roundtrip.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stead;
  const Bytes bytes(data, size);
  // The body as received, and the body written anew.
  fuzz::round_trip(bytes, decode_kdc_req);
  return fuzz::round_trip(bytes, decode_kdc_req, [](KdcReq value) {
    value.body_der.clear();
    return encode(value);
  });
}
