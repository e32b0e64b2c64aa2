#include "proxy/sign_in/sessions.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <openssl/sha.h>
#include <spdlog/spdlog.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "proxy/http/cookies.h"
#include "proxy/observe/audit_log.h"
#include "proxy/sessions/sign_out_line.h"
#include "proxy/shared/shared_state.h"
#include "sspi_shim/base/bytes.h"
#include "sspi_shim/base/text_time.h"

namespace stead::proxy {

namespace asio = boost::asio;

namespace {

// Replicas' clocks may differ by so much. A time that is further ahead would keep a session from ending.
constexpr std::chrono::minutes kMaxSkew{5};

std::chrono::sys_seconds now_seconds() {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

std::string sealed_cookie(const SessionKeys& keys, const RequestView& request, const SessionCookie& cookie) {
  return set_cookie(session_cookie_name(request.tls), seal_session(keys, cookie, request.host), request.tls);
}

}  // namespace

Sessions::Sessions(std::shared_ptr<SignInState> state)
    : state_(std::move(state)), opened_(state_->keys), groups_digest_(state_->config.groups.digest()) {}

std::optional<SessionCookie> Sessions::find(const RequestView& request) {
  const auto sealed = find_cookie(request.cookie, session_cookie_name(request.tls));
  if (!sealed) return std::nullopt;
  bool anew = false;
  const SessionCookie* const cookie = opened_.open(*sealed, request.host, anew);
  const auto now = now_seconds();
  if (cookie == nullptr || now - cookie->issued >= state_->config.session_lifetime ||
      now - cookie->seen >= state_->config.session_idle || cookie->seen > now + kMaxSkew ||
      cookie->issued > now + kMaxSkew || is_over(cookie->session))
    return std::nullopt;
  // The numbers of other groups than the configuration has now mean nothing.
  if (!state_->config.groups.patterns.empty() && cookie->groups_digest != groups_digest_) return std::nullopt;
  if (anew) note(request, *cookie);
  return *cookie;
}

bool Sessions::is_over(const Session& session) const {
  return session.expires <= std::chrono::system_clock::now() || state_->revocations.has(session);
}

HeaderList Sessions::renewal(const RequestView& request, const SessionCookie& cookie) const {
  const auto now = now_seconds();
  if (now - cookie.seen < state_->config.session_idle / 8) return {};
  SessionCookie moved = cookie;
  moved.seen = now;
  return {{"Set-Cookie", sealed_cookie(state_->keys, request, moved)}};
}

SignedIn Sessions::begin(const RequestView& request, std::string user, SignInMethod method,
                         std::optional<std::vector<std::uint8_t>> groups, Bytes proof) const {
  const auto now = now_seconds();
  SessionCookie cookie{.session = {.id = new_session_id(),
                                   .user = std::move(user),
                                   .method = method,
                                   .expires = now + state_->config.session_lifetime,
                                   .groups = std::move(groups)},
                       .issued = now,
                       .seen = now,
                       .certificate = {},
                       .groups_digest = groups_digest_};
  if (method == SignInMethod::certificate) cookie.certificate = certificate_digest(proof);
  if (method == SignInMethod::kerberos) cookie.session.evidence = evidence_digest(proof);
  note(request, cookie);
  std::string header = sealed_cookie(state_->keys, request, cookie);
  return {.session = std::move(cookie.session), .response_headers = {{"Set-Cookie", std::move(header)}}};
}

void Sessions::note(const RequestView& request, const SessionCookie& cookie) const {
  state_->memory->sessions.note({.id = cookie.session.id,
                                 .user = cookie.session.user,
                                 .host = std::string(request.host),
                                 .address = request.remote_address,
                                 .method = cookie.session.method,
                                 .begun = cookie.issued,
                                 .seen = cookie.seen,
                                 .expires = std::chrono::floor<std::chrono::seconds>(cookie.session.expires)});
}

asio::awaitable<void> Sessions::end(Session session) {
  state_->memory->sessions.forget(session.id);
  return refuse(Revocations::entry_of(session));
}

asio::awaitable<void> Sessions::end_all(std::string user, std::chrono::sys_seconds until) {
  Session any;
  any.user = std::move(user);
  any.expires = until;
  return refuse(Revocations::entry_of(any));  // without an id: every one
}

asio::awaitable<void> Sessions::refuse(Revocations::Entry entry) {
  state_->revocations.add(entry, now_seconds());
  if (state_->shared)
    state_->shared->announce(SharedTopic::signed_out, {.text = sign_out_line(entry), .expires = entry.expires});
  if (!state_->sign_outs) co_return;
  std::function<asio::awaitable<void>()> write = [state = state_, entry]() -> asio::awaitable<void> {
    const auto written = state->sign_outs->append(entry, state->revocations, now_seconds());
    if (!written)
      spdlog::error("The sign-out could not be saved: {}; after a restart the signed-out session is valid again",
                    to_string(written.error()));
    co_return;
  };
  co_await asio::co_spawn(state_->pool.get_executor(), std::move(write),
                          asio::bind_cancellation_slot(asio::cancellation_slot(), asio::use_awaitable));
}

bool fits_certificate(const RequestView& request, const SessionCookie& cookie) {
  if (cookie.session.method != SignInMethod::certificate) return true;
  return request.client_certificate_error.empty() && !request.client_certificate.empty() &&
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
