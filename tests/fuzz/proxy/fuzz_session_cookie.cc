#include <cstddef>
#include <cstdint>

#include "proxy/http/cookies.h"
#include "proxy/sessions/session_cookie.h"
#include "sspi_shim/base/base64.h"
#include "tests/fuzz/fuzz_roundtrip.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stead;
  using namespace stead::proxy;
  const Bytes bytes(data, size);
  static const SessionKeys keys(SecretBuffer(kSessionKeySize, 7));
  // What nobody sealed does not open, whatever it looks like.
  fuzz::expect(!keys.open_sealed(as_text(bytes), {.purpose = "session", .host = "web"}), "no forged cookie opens");
  static_cast<void>(find_cookie(as_text(bytes), "__Host-stead"));
  if (const auto decoded = from_base64url(as_text(bytes)))
    fuzz::expect(base64url(*decoded) == as_text(bytes), "one spelling");
  const auto cookie = decode_session_cookie(bytes);
  if (!cookie) {
    fuzz::expect(static_cast<bool>(cookie.error()), "a refusal has an error");
    return 0;
  }
  fuzz::expect(encode(*cookie) == to_buffer(bytes), "what decodes encodes to itself");
  const auto opened = open_session(keys, seal_session(keys, *cookie, "web"), "web");
  fuzz::expect(opened ? encode(*opened) == to_buffer(bytes) : size > 2000, "what is sealed opens");
  return 0;
}
