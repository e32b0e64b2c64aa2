#include <cstddef>
#include <cstdint>

#include "sspi_shim/protocol/messages/s4u_messages.h"
#include "tests/fuzz/fuzz_roundtrip.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stead;
  const Bytes bytes(data, size);
  // The user id as received, and written anew.
  fuzz::round_trip(bytes, decode_pa_s4u_x509_user);
  return fuzz::round_trip(bytes, decode_pa_s4u_x509_user, [](PaS4uX509User value) {
    value.user_id_der.clear();
    return encode(value);
  });
}
