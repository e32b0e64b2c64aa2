#include "proxy/core/proxy_protocol.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tests/fuzz/fuzz_roundtrip.h"

// As from a socket: reads what the reader asks for. It must end, within its limit, and never ask again after its end.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using stead::proxy::ProxyHeaderReader;
  const std::string_view octets(reinterpret_cast<const char*>(data), size);
  ProxyHeaderReader reader;
  std::size_t read = 0;
  auto state = ProxyHeaderReader::State::more;
  while (state == ProxyHeaderReader::State::more && read + reader.wanted() <= octets.size()) {
    stead::fuzz::expect(reader.wanted() > 0, "a header that is not complete wants more");
    read += reader.wanted();
    stead::fuzz::expect(read <= ProxyHeaderReader::kMaxSize, "the header has a limit");
    state = reader.look_at(octets.substr(0, read));
  }
  if (state != ProxyHeaderReader::State::more)
    stead::fuzz::expect(reader.wanted() == 0, "nothing is wanted at the end");
  return 0;
}
