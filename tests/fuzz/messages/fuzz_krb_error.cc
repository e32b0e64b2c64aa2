#include <cstddef>
#include <cstdint>

#include "sspi_shim/protocol/messages/krb_error.h"
#include "tests/fuzz/fuzz_roundtrip.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stead;
  if (const Result<KrbError> error = decode_krb_error({data, size})) {
    (void)nt_status_of(*error);
    (void)method_data_of(*error);
  }
  return fuzz::round_trip({data, size}, decode_krb_error);
}
