#include "proxy/sign_in/csrf.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/http/cookies.h"
#include "sspi_shim/base/hex.h"
#include "sspi_shim/base/text.h"

#include "sspi_shim/base/base64.h"

namespace stead::proxy {
namespace {

constexpr std::size_t kNonceSize = 16;

SealedFor form_of(const RequestView& request) {
  return {.purpose = "form", .host = request.host};
}

std::optional<Buffer> nonce_of(const RequestView& request) {
  const auto value = find_cookie(request.cookie, csrf_cookie_name(request.tls));
  if (!value) return std::nullopt;
  auto nonce = from_base64url(*value);
  if (!nonce || nonce->size() != kNonceSize) return std::nullopt;
  return nonce;
}

}  // namespace

std::string_view csrf_cookie_name(bool tls) {
  return tls ? "__Host-stead-form" : "stead-form";
}

CsrfToken make_csrf(const SessionKeys& keys, const RequestView& request, std::chrono::sys_seconds now) {
  CsrfToken token;
  auto nonce = nonce_of(request);
  if (!nonce) {
    nonce = from_hex(new_session_id());
    token.set_cookie = set_cookie(csrf_cookie_name(request.tls), base64url(*nonce), request.tls);
  }
  Buffer content = *nonce;
  content.resize(kNonceSize + 8);
  store_le64(content.data() + kNonceSize, static_cast<std::uint64_t>(now.time_since_epoch().count()));
  token.field = keys.seal(content, form_of(request));
  return token;
}

bool check_csrf(const SessionKeys& keys, const RequestView& request, std::string_view field,
                std::chrono::sys_seconds now) {
  const auto nonce = nonce_of(request);
  const auto content = keys.open_sealed(field, form_of(request));
  if (!nonce || !content || content->size() != kNonceSize + 8) return false;
  const std::chrono::sys_seconds made{
      std::chrono::seconds(static_cast<std::int64_t>(load_le64(content->data() + kNonceSize)))};
  return equal_in_constant_time(Bytes(*content).first(kNonceSize), *nonce) && made <= now + std::chrono::minutes(5) &&
         now - made < kCsrfLifetime;
}

}  // namespace stead::proxy
