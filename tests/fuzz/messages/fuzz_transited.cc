#include <cstddef>
#include <cstdint>

#include "sspi_shim/protocol/messages/ticket.h"
#include "tests/fuzz/fuzz_roundtrip.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stead;
  const TransitedEncoding transited{1, Buffer(data, data + size)};
  const auto realms = expand_transited(transited, "ATHENA.MIT.EDU", "CS.WASHINGTON.EDU");
  if (!realms) return 0;
  const auto again = expand_transited(make_transited(*realms), "A", "B");
  fuzz::expect(again && *again == *realms, "realms are the same when written without compression");
  return 0;
}
