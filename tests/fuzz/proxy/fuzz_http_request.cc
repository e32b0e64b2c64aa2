#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/headers/outgoing_request.h"
#include "proxy/http/policy_path.h"
#include "proxy/http/request_rules.h"
#include "proxy/http/target.h"
#include "tests/fuzz/fuzz_roundtrip.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stead::proxy;
  using stead::fuzz::expect;
  const std::string_view bytes = stead::as_text({data, size});
  const std::size_t end = end_of_head(bytes);
  if (end == std::string_view::npos || check_request_head(bytes.substr(0, end))) return 0;
  RequestHead head;
  if (!parse_request_head(bytes.substr(0, end), head)) return 0;
  if (!head.target.starts_with('/')) return 0;
  const std::string policy = readings_of(path_of(head.target)).path;
  expect(policy.starts_with('/') && policy.find("//") == std::string::npos, "policy is decided by a plain path");
  std::string out;
  write_request_head(out,
                     {.head = head,
                      .target = head.target,
                      .base_path = {},
                      .host = "h:1",
                      .authorization = "Negotiate x",
                      .framing = head.framing,
                      .content_length = head.content_length,
                      .upgrade = head.wants_upgrade},
                     {.address = "192.0.2.1", .scheme = "https", .request_id = "1"});
  // What we write we would take, as one head, and it says what the client's did.
  expect(end_of_head(out) == out.size(), "one head");
  // Our own fields may bring a client that sent nearly as many as we take over that number; nothing else may be wrong
  // with it.
  const auto judged = check_request_head(out);
  expect(!judged || judged->status == 431, "what is forwarded is well formed");
  RequestHead again;
  expect(parse_request_head(out, again), "what is forwarded is taken by the parser");
  expect(again.method == head.method && again.target == head.target && again.framing == head.framing,
         "the same request");
  expect(again.content_length == head.content_length && again.authorization == "Negotiate x" &&
             !again.several_authorizations,
         "of the same length, with our token");
  return 0;
}
