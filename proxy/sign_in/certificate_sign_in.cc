#include "proxy/sign_in/certificate_sign_in.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "sspi_shim/krb5/own_keys.h"
#include "sspi_shim/protocol/pac/pac.h"
#include "sspi_shim/protocol/pac/pac_logon_info.h"

namespace stead::proxy {
namespace {

namespace asio = boost::asio;

// The KDC does not know the certificate, or does not support certificates: its UPN may still name the user.
bool may_ask_by_name(const Error& error) {
  return error == KrbErrc::KDC_ERR_C_PRINCIPAL_UNKNOWN || error == KrbErrc::KDC_ERR_PADATA_TYPE_NOSUPP ||
         error == KrbErrc::KRB_ERR_GENERIC;
}

CertificateFault fault_of(const Failure& failure) {
  if (failure.kind == FailureKind::unreachable || failure.kind == FailureKind::cancelled)
    return CertificateFault::directory_silent;
  if (failure.error == KrbErrc::KDC_ERR_PRINCIPAL_NOT_UNIQUE) return CertificateFault::mapped_twice;
  if (failure.error == KrbErrc::KDC_ERR_CLIENT_REVOKED || failure.error == KrbErrc::KDC_ERR_KEY_EXPIRED ||
      failure.error == KrbErrc::KDC_ERR_NAME_EXP || failure.error == KrbErrc::KDC_ERR_POLICY)
    return CertificateFault::account_refused;
  if (failure.error == kCertificateMismatch) return CertificateFault::other_account;
  return CertificateFault::unmapped;
}

}  // namespace

std::optional<Sid> sid_in_evidence(const Ticket& evidence, const std::vector<Key>& own_keys) {
  for (const Key& key : own_keys) {
    const auto opened = open_own_ticket(evidence, {key});
    if (!opened) continue;
    const auto bytes = pac_bytes_of(opened->part);
    if (!bytes || bytes->empty() || !verify_server_signature(*bytes, key)) return std::nullopt;
    const auto pac = decode_pac(*bytes);
    const Buffer* const buffer = pac ? pac->find(PacType::logon_info) : nullptr;
    if (!buffer) return std::nullopt;
    const auto info = decode_pac_logon_info(*buffer);
    if (!info) return std::nullopt;
    return info->user_sid();
  }
  return std::nullopt;
}

CertificateRefused refused_by_tls(const RequestView& request) {
  CertificateRefused refused{.fault = fault_of(request.client_certificate_error), .detail = {}};
  refused.detail = refused.fault == CertificateFault::none_sent
                       ? "no client certificate was sent"
                       : "the client certificate does not verify: " + request.client_certificate_error;
  return refused;
}

asio::awaitable<std::variant<std::string, CertificateRefused>> CertificateSignIn::user_of(
    std::vector<std::uint8_t> der) {
  const auto names = names_in_certificate(der);
  if (!names)
    co_return CertificateRefused{CertificateFault::unreadable, "the client certificate does not name its user clearly"};
  Client& client = tickets_->client();
  Outcome<Identity> who = co_await client.user_by_certificate(std::move(der));
  if (!who && !names->upn.empty() && may_ask_by_name(who.error().error)) who = co_await client.user(names->upn);
  if (!who)
    co_return CertificateRefused{
        fault_of(who.error()),
        "the client certificate" + (names->upn.empty() ? "" : " of " + names->upn) + ": " + who.error().text};
  if (auto refused = judge_sid(*names, *who)) co_return std::move(*refused);
  co_return who->principal();
}

std::optional<CertificateRefused> CertificateSignIn::judge_sid(const CertificateNames& names,
                                                               const Identity& user) const {
  if (!names.sid) return std::nullopt;
  auto found = sid_in_evidence(*user.state().evidence, *state_->own_keys->all());
  if (!found && state_->own_keys->look_again())
    found = sid_in_evidence(*user.state().evidence, *state_->own_keys->all());
  if (found && *found == *names.sid) return std::nullopt;
  return CertificateRefused{CertificateFault::other_account,
                            "the client certificate is for " + to_string(*names.sid) + ", and " + user.principal() +
                                (found ? " is " + to_string(*found) : " shows no SID")};
}

}  // namespace stead::proxy
