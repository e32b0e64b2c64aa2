// The first byte is the NtVer that was asked for: the two bits that matter.
#include <cstddef>
#include <cstdint>

#include "sspi_shim/protocol/messages/netlogon.h"
#include "tests/fuzz/fuzz_roundtrip.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stead;
  if (size == 0) return 0;
  const std::uint32_t asked = data[0] & (nt_version::v5ex_with_ip | nt_version::closest_site);
  const Result<NetlogonResponse> value = decode_netlogon_response({data + 1, size - 1}, asked);
  if (!value) return 0;
  // An address of another family is not kept, and then not written either.
  const std::uint32_t written = value->ipv4 ? asked : asked & ~nt_version::v5ex_with_ip;
  const Result<NetlogonResponse> again = decode_netlogon_response(encode(*value), written);
  fuzz::expect(again && *again == *value, "decode(encode(value)) == value");
  return 0;
}
