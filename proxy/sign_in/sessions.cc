#include "proxy/sign_in/sessions.h"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <openssl/sha.h>

#include "proxy/http/cookies.h"
#include "proxy/observe/audit_log.h"
#include "sspi_shim/base/bytes.h"
#include "sspi_shim/base/text_time.h"

namespace stead::proxy {
namespace {

std::chrono::sys_seconds now_seconds() {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

std::string sealed_cookie(const SessionKeys& keys, const RequestView& request, const SessionCookie& cookie) {
  return set_cookie(session_cookie_name(request.tls), seal_session(keys, cookie), request.tls);
}

}  // namespace

Sessions::Sessions(std::shared_ptr<SignInState> state) : state_(std::move(state)), opened_(state_->keys) {}

std::optional<SessionCookie> Sessions::find(const RequestView& request) {
  const auto sealed = find_cookie(request.cookie, session_cookie_name(request.tls));
  if (!sealed) return std::nullopt;
  const SessionCookie* const cookie = opened_.open(*sealed);
  const auto now = now_seconds();
  if (cookie == nullptr || cookie->session.expires <= now || now - cookie->issued >= state_->config.session_lifetime ||
      now - cookie->seen >= state_->config.session_idle)
    return std::nullopt;
  if (state_->revocations.generation() != revoked_generation_) revoked_ = state_->revocations.copy(revoked_generation_);
  if (revoked_.contains(cookie->session.id)) return std::nullopt;
  return *cookie;
}

HeaderList Sessions::renewal(const RequestView& request, const SessionCookie& cookie) const {
  const auto now = now_seconds();
  if (now - cookie.seen < state_->config.session_idle / 8) return {};
  SessionCookie moved = cookie;
  moved.seen = now;
  return {{"Set-Cookie", sealed_cookie(state_->keys, request, moved)}};
}

SignedIn Sessions::begin(const RequestView& request, std::string user, SignInMethod method, Bytes certificate) const {
  const auto now = now_seconds();
  SessionCookie cookie{.session = {.id = new_session_id(),
                                   .user = std::move(user),
                                   .method = method,
                                   .expires = now + state_->config.session_lifetime},
                       .issued = now,
                       .seen = now,
                       .certificate = certificate.empty() ? Buffer() : certificate_digest(certificate)};
  std::string header = sealed_cookie(state_->keys, request, cookie);
  return {.session = std::move(cookie.session), .response_headers = {{"Set-Cookie", std::move(header)}}};
}

void Sessions::end(const Session& session) {
  state_->revocations.add(session, std::chrono::system_clock::now());
}

bool fits_certificate(const RequestView& request, const SessionCookie& cookie) {
  if (cookie.session.method != SignInMethod::certificate) return true;
  if (!request.client_certificate_error.empty()) return false;
  return request.client_certificate.empty() ||
         equal_in_constant_time(certificate_digest(request.client_certificate), cookie.certificate);
}

Buffer certificate_digest(Bytes der) {
  Buffer digest(SHA256_DIGEST_LENGTH);
  SHA256(der.data(), der.size(), digest.data());
  return digest;
}

std::string removed_session_cookie(const RequestView& request) {
  return set_cookie(session_cookie_name(request.tls), "", request.tls, std::chrono::seconds(0));
}

std::string session_json(const Session& session) {
  std::string out = "{\"user\": ";
  append_json_string(out, session.user);
  return out + ", \"sign_in\": \"" + std::string(to_string(session.method)) + "\", \"expires\": \"" +
         stead::rfc3339(std::chrono::floor<std::chrono::seconds>(session.expires)) + "\"}\n";
}

}  // namespace stead::proxy
