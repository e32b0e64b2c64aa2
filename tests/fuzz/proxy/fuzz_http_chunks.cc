#include "proxy/http/chunk_decoder.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "tests/fuzz/fuzz_roundtrip.h"

namespace {

using stead::proxy::BodyOf;
using stead::proxy::ChunkDecoder;

// The body, and how it ended, of octets that come `size` at a time.
std::pair<ChunkDecoder::Status, std::string> read(std::string_view bytes, std::size_t size, BodyOf of) {
  ChunkDecoder decoder(of);
  std::string held, body;
  while (true) {
    const auto found = decoder.next(held);
    stead::fuzz::expect(found.consumed <= held.size(), "no more is consumed than is there");
    body += found.data;
    held.erase(0, found.consumed);
    if (found.status == ChunkDecoder::Status::data) continue;
    if (found.status != ChunkDecoder::Status::need_more || bytes.empty()) return {found.status, body};
    held += bytes.substr(0, size);
    bytes.remove_prefix(std::min(size, bytes.size()));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = stead::as_text({data, size});
  for (const BodyOf of : {BodyOf::request, BodyOf::response}) {
    const auto whole = read(bytes, bytes.size() + 1, of), single = read(bytes, 1, of);
    stead::fuzz::expect(whole.first == single.first, "a split changes nothing");
    if (whole.first == ChunkDecoder::Status::end)
      stead::fuzz::expect(whole.second == single.second, "a split changes no octet");
  }
  return 0;
}
