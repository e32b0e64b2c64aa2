#include <cstddef>
#include <cstdint>

#include "sspi_shim/protocol/messages/netlogon.h"
#include "tests/fuzz/fuzz_roundtrip.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stead;
  if (const Result<PingSearch> search = decode_ping_search({data, size})) {
    if (const Result<NetlogonPing> ping = netlogon_ping_of(*search)) {
      const Result<NetlogonPing> again = netlogon_ping_of(to_search(*ping, search->message_id));
      fuzz::expect(again && *again == *ping, "a ping is the same after being written");
    }
  }
  return fuzz::round_trip({data, size}, decode_ping_search);
}
