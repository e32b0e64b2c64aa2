// The octets of a client, given to the server's side of HTTP/2. Each request that arrives is judged and answered.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/http/request_rules.h"
#include "proxy/http2/session.h"
#include "tests/fuzz/fuzz_roundtrip.h"

namespace {

using namespace stead::proxy;
using stead::fuzz::expect;

class Arrivals final : public Http2Session::Handler {
 public:
  std::vector<Http2StreamPtr> streams;
  void request_arrived(Http2StreamPtr stream) override { streams.push_back(std::move(stream)); }
  void malformed_frame() override {}
};

void answer(Http2Session& session, Http2Stream& stream) {
  std::string bytes;
  RequestHead head;
  if (!stream.fields.finish(stream.body, bytes, head)) {
    expect(!check_request_head(bytes), "what arrives is well formed");
    expect(end_of_head(bytes) == bytes.size(), "one head");
  }
  expect(stream.incoming.size() <= 128 * 1024, "no more than the window");
  session.consume(stream, stream.incoming.size());
  stream.incoming.clear();
  std::string answer = "HTTP/1.1 200 OK\r\nServer: x\r\n\r\n";
  session.send_heads(stream, answer, Http2Session::Body::follows);
  stream.out = "hello";
  stream.trailers = "X-Sum: 1\r\n";
  stream.out_ended = true;
  session.resume(stream);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Arrivals arrivals;
  Http2Session session({.streams = 10}, arrivals);
  std::string_view octets = stead::as_text({data, size});
  std::string out;
  // Without its preface, so that each input begins with a frame.
  bool goes_on = session.feed("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Clock::now());
  for (std::size_t step = 1; goes_on && !octets.empty(); step = step % 97 + 13) {
    goes_on = session.feed(octets.substr(0, step), Clock::now());
    octets.remove_prefix(std::min(step, octets.size()));
    for (const Http2StreamPtr& stream : std::exchange(arrivals.streams, {})) answer(session, *stream);
    out.clear();
    session.collect(out, 1 << 20);
  }
  session.lose();
  session.collect(out, 1 << 20);
  return 0;
}
