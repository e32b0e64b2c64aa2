// What a browser sends after "Negotiate ": before anybody has proved who he is.
#include <cstddef>
#include <cstdint>

#include "sspi_shim/protocol/messages/spnego.h"
#include "tests/fuzz/fuzz_roundtrip.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stead;
  const Bytes token(data, size);
  const Result<Buffer> ap_req = ap_req_of_negotiate_token(token);
  fuzz::expect(!(ap_req && is_ntlm_token(token)), "no token is both Kerberos and NTLM");
  return 0;
}
