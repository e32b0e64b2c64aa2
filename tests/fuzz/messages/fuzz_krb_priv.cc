#include <cstddef>
#include <cstdint>

#include "sspi_shim/protocol/messages/kpasswd_messages.h"
#include "tests/fuzz/fuzz_roundtrip.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return stead::fuzz::round_trip({data, size}, stead::decode_krb_priv, stead::encode_krb_priv);
}
