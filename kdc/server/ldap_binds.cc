// How an LDAP connection becomes that of a caller.
#include <spdlog/spdlog.h>

#include <boost/asio/co_spawn.hpp>
#include <chrono>
#include <utility>

#include "kdc/ldap/password_check.h"
#include "kdc/server/ldap_connection.h"
#include "sspi_shim/base/text.h"

namespace stead::kdc {
namespace {

// What runs on the pool. Parameters are values: the caller's frame may be destroyed first at shutdown.
asio::awaitable<SaslBind::Step> step_of(SaslBind* bind, Buffer token) {
  co_return bind->step(token);
}
asio::awaitable<PasswordVerdict> checked_password(std::shared_ptr<const Tree> tree, const AccountEntry* account,
                                                  SecretBuffer password, Time now) {
  (void)tree;
  co_return check_password(account, password, now);
}

Time seconds_now() {
  return std::chrono::floor<std::chrono::seconds>(current_instant());
}

LdapCaller caller_of(const Tree& tree, const SaslIdentity& identity) {
  if (identity.logon) return {identity.principal, identity.logon->user_sid(), identity.logon->all_sids()};
  const auto at = identity.principal.rfind('@');
  const DomainEntry* domain =
      at == std::string::npos ? nullptr : tree.snapshot().domain(std::string_view(identity.principal).substr(at + 1));
  const AccountEntry* account =
      domain == nullptr ? nullptr
                        : tree.snapshot().account(*domain, std::string_view(identity.principal).substr(0, at));
  if (account == nullptr) return {identity.principal, {}, {}};
  return caller_of(tree.snapshot(), *account);
}

}  // namespace

std::string LdapConnection::why_not_layered() const {
  return channel_.has_layer() ? "a connection that is signed or sealed is bound once" : std::string();
}

asio::awaitable<bool> LdapConnection::bind(std::int32_t id, BindRequest request) {
  LdapResult refusal;
  if (request.version != 3)
    refusal = {LdapCode::protocol_error, "LDAP has version 3 here"};
  else if (auto why = why_not_layered(); !why.empty())
    refusal = {LdapCode::operations_error, std::move(why)};
  bool more = false;
  if (!refusal.ok()) {
    Buffer response = encode_bind_response(id, refusal, {});
    more = co_await channel_.write(std::move(response));
    co_return more;
  }
  // RFC 4513 §4: a bind ends what was bound before, also if it fails.
  caller_ = {};
  if (request.sicily == BindRequest::Sicily::none) ntlm_.reset();
  if (request.password)
    more = co_await bind_simple(id, std::move(request));
  else if (request.sicily != BindRequest::Sicily::none)
    more = co_await bind_sicily(id, std::move(request));
  else
    more = co_await bind_sasl(id, std::move(request));
  co_return more;
}

asio::awaitable<bool> LdapConnection::bind_simple(std::int32_t id, BindRequest request) {
  sasl_.reset();
  LdapResult result;
  const auto tree = endpoint_.tree();
  if (request.name.empty() && request.password->empty()) {
    // Anonymous.
  } else if (request.password->empty()) {
    result = {LdapCode::unwilling_to_perform, "a name without a password proves nothing"};
  } else if (!channel_.is_confidential()) {
    result = {LdapCode::stronger_auth_required,
              "00002028: LdapErr: comment: a password is taken within TLS only; without it bind by SASL"};
  } else if (!tree || !endpoint_.core().has_room_for_job()) {
    result = {LdapCode::busy, "too many requests"};
  } else {
    const AccountEntry* account = account_of_bind_name(tree->snapshot(), tree->domain(), request.name);
    const BlockingJob job(endpoint_.core());
    auto work = checked_password(tree, account, std::move(*request.password), seconds_now());
    PasswordVerdict verdict = co_await asio::co_spawn(endpoint_.core().pool, std::move(work), asio::use_awaitable);
    if (verdict.locks_out) endpoint_.core().record_lockout(endpoint_.served(), *account, current_instant());
    result = std::move(verdict.result);
    if (result.ok()) caller_ = kdc::caller_of(tree->snapshot(), *account);
  }
  log("bind", request.name, result);
  Buffer response = encode_bind_response(id, result, {});
  const bool sent = co_await channel_.write(std::move(response));
  co_return sent;
}

asio::awaitable<bool> LdapConnection::bind_sasl(std::int32_t id, BindRequest request) {
  const bool gssapi = equal_ignoring_case(request.mechanism, "GSSAPI");
  LdapResult result;
  std::optional<Buffer> token;
  const auto tree = endpoint_.tree();
  std::shared_ptr<const GssKeys> keys = co_await endpoint_.keys();
  if (!gssapi && !equal_ignoring_case(request.mechanism, "GSS-SPNEGO")) {
    result = {LdapCode::auth_method_not_supported, "SASL has GSSAPI and GSS-SPNEGO here"};
  } else if (!tree || !keys) {
    result = {LdapCode::unavailable, "the DC has no key for its clients"};
  } else if (!endpoint_.core().has_room_for_job()) {
    result = {LdapCode::busy, "too many requests"};
  } else {
    if (!sasl_ || sasl_mechanism_ != request.mechanism)
      sasl_ = std::make_unique<SaslBind>(gssapi ? SaslMechanism::gssapi : SaslMechanism::gss_spnego, keys,
                                         !channel_.has_tls());
    sasl_mechanism_ = request.mechanism;
    const BlockingJob job(endpoint_.core());
    auto work = step_of(sasl_.get(), request.credentials.value_or(Buffer{}));
    SaslBind::Step step = co_await asio::co_spawn(endpoint_.core().pool, std::move(work), asio::use_awaitable);
    if (step.kind == SaslBind::Step::Kind::go_on)
      result.code = LdapCode::sasl_bind_in_progress;
    else if (step.kind == SaslBind::Step::Kind::refused)
      result = {LdapCode::invalid_credentials, "80090308: LdapErr: comment: AcceptSecurityContext error, data 52e"};
    if (step.kind == SaslBind::Step::Kind::done) caller_ = caller_of(*tree, sasl_->identity());
    if (!step.why.empty()) spdlog::info("{} LDAP bind refused: {}", endpoint_.served().controller.name, step.why);
    token = std::move(step.token);
  }
  if (result.code != LdapCode::sasl_bind_in_progress) log("bind", request.mechanism, result);
  Buffer response = encode_bind_response(id, result, token);
  const bool sent = co_await channel_.write(std::move(response));
  if (!sent) co_return false;
  if (result.code == LdapCode::sasl_bind_in_progress) co_return true;
  auto layer = result.ok() ? sasl_->take_layer() : nullptr;
  sasl_.reset();
  if (layer && channel_.has_unread()) co_return false;
  if (layer) channel_.start_layer(std::move(layer));
  co_return true;
}

// The answers are in the place of matchedDN.
asio::awaitable<bool> LdapConnection::bind_sicily(std::int32_t id, BindRequest request) {
  sasl_.reset();
  const auto ntlm = std::exchange(ntlm_, nullptr);
  const auto tree = endpoint_.tree();
  const Bytes message = *request.credentials;
  LdapResult result;
  if (!tree) {
    result = {LdapCode::unavailable, "the directory does not have this DC's domain"};
  } else if (request.sicily == BindRequest::Sicily::discovery) {
    result.matched_dn = "NTLM";
  } else if (request.sicily == BindRequest::Sicily::negotiate) {
    ntlm_ = std::make_unique<NtlmBind>(*tree->domain().domain, tree->controller());
    const auto challenge = ntlm_->challenge(message);
    if (challenge)
      result.matched_dn = as_text(*challenge);
    else
      result = {LdapCode::protocol_error, "the message is no NTLM negotiate message"};
  } else if (!ntlm) {
    result = {LdapCode::operations_error, "a response without a challenge"};
  } else {
    const AccountEntry* account = nullptr;
    PasswordVerdict verdict = ntlm->verify(tree->snapshot(), tree->domain(), message, seconds_now(), account);
    if (verdict.locks_out) endpoint_.core().record_lockout(endpoint_.served(), *account, current_instant());
    result = std::move(verdict.result);
    if (result.ok()) caller_ = caller_of(tree->snapshot(), *account);
    log("bind", "NTLM", result);
  }
  Buffer response = encode_bind_response(id, result, {});
  const bool sent = co_await channel_.write(std::move(response));
  co_return sent;
}

}  // namespace stead::kdc
