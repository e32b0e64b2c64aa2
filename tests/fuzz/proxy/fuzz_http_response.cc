#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/headers/challenges.h"
#include "proxy/headers/outgoing_response.h"
#include "proxy/headers/own_address.h"
#include "proxy/http/request_rules.h"
#include "sspi_shim/base/base64.h"
#include "tests/fuzz/fuzz_roundtrip.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stead::proxy;
  using stead::fuzz::expect;
  const std::string_view bytes = stead::as_text({data, size});
  const std::size_t end = end_of_head(bytes);
  ResponseHead head;
  if (end == std::string_view::npos) return 0;
  std::string head_bytes(bytes.substr(0, end));
  if (!parse_response_head(head_bytes, AnswerTo::other, head).empty()) return 0;
  for (const Field& field : head.fields) {
    const auto token = negotiate_token_of(field.value);
    if (!token) continue;
    const auto decoded = stead::from_base64(*token);
    if (decoded) expect(decoded->size() <= token->size(), "base64 grows nothing");
  }
  if (head.status < 200) return 0;
  const Framing framing = head.framing == Framing::until_close ? Framing::chunked : head.framing;
  // As it is, and with the back end's addresses made ours.
  const Upstream upstream{.tls = false, .host = "h", .port = 80, .base_path = "/a"};
  const Addresses addresses{.client_scheme = "https", .client_authority = "front:1", .upstream = upstream};
  for (const Addresses* rewritten : {static_cast<const Addresses*>(nullptr), &addresses}) {
    std::string out;
    write_response_head(out, {.head = head, .framing = framing, .addresses = rewritten}, "1", nullptr);
    expect(end_of_head(out) == out.size(), "one head");
    ResponseHead again;
    const std::string_view wrong = parse_response_head(out, AnswerTo::other, again);
    if (wrong == "too many headers") continue;  // those we add may pass our own limit; nothing else may be wrong
    expect(wrong.empty(), "what a client gets is well formed");
    expect(again.status == head.status && again.framing == framing, "the same answer");
  }
  return 0;
}
