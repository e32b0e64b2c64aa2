#include <cstddef>
#include <cstdint>

#include "sspi_shim/protocol/security/sddl.h"
#include "sspi_shim/protocol/security/sddl_writer.h"
#include "sspi_shim/protocol/security/security_descriptor.h"
#include "tests/fuzz/fuzz_roundtrip.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stead;
  std::size_t where = 0;
  const auto parsed = parse_sddl(as_text({data, size}), Sid{5, {21, 1, 2, 3}}, &where);
  fuzz::expect(where <= size, "an error is somewhere in the text");
  if (!parsed) return 0;
  fuzz::expect(decode_security_descriptor(encode(*parsed)) == *parsed, "the binary form says the same");
  return fuzz::round_trip(
      {data, size}, [](Bytes text) { return parse_sddl(as_text(text), Sid{5, {21, 1, 2, 3}}); },
      [](const SecurityDescriptor& value) { return to_buffer(as_bytes(to_sddl(value))); });
}
