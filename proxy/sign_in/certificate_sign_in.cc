#include "proxy/sign_in/certificate_sign_in.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "proxy/sign_in/sign_in_audit.h"
#include "proxy/tickets/evidence_sids.h"
#include "sspi_shim/base/bytes.h"
#include "sspi_shim/base/text.h"
#include "sspi_shim/krb5/credential.h"

namespace stead::proxy {
namespace {

namespace asio = boost::asio;

// The KDC does not know the certificate, does not support certificates, or believes no UPN: its UPN may still name the
// user.
bool may_ask_by_name(const CertificateNames& names, const Error& error) {
  if (names.upn.empty()) return false;
  return error == KrbErrc::KDC_ERR_C_PRINCIPAL_UNKNOWN || error == KrbErrc::KDC_ERR_PADATA_TYPE_NOSUPP ||
         error == KrbErrc::KRB_ERR_GENERIC || (error == kCertificateMismatch && !names.sid);
}

bool is_in_realm_of(const std::vector<std::string>& realms, const std::string& principal) {
  const std::string realm = principal.substr(principal.rfind('@') + 1);
  return std::any_of(realms.begin(), realms.end(),
                     [&](const std::string& known) { return equal_ignoring_case(known, realm); });
}

CertificateFault fault_of(const CertificateNames& names, const Failure& failure) {
  if (failure.kind == FailureKind::unreachable || failure.kind == FailureKind::cancelled)
    return CertificateFault::directory_silent;
  if (failure.error == KrbErrc::KDC_ERR_PRINCIPAL_NOT_UNIQUE) return CertificateFault::mapped_twice;
  if (failure.error == KrbErrc::KDC_ERR_CLIENT_REVOKED || failure.error == KrbErrc::KDC_ERR_KEY_EXPIRED ||
      failure.error == KrbErrc::KDC_ERR_NAME_EXP || failure.error == KrbErrc::KDC_ERR_POLICY)
    return CertificateFault::account_refused;
  if (failure.error == kCertificateMismatch)
    return names.sid ? CertificateFault::other_account : CertificateFault::weakly_mapped;
  return CertificateFault::unmapped;
}

// Why there is no verified certificate to judge: TLS refused it, or the client sent none.
CertificateRefused refused_by_tls(const RequestView& request) {
  CertificateRefused refused{.fault = proxy::fault_of(request.client_certificate_error), .detail = {}};
  refused.detail = refused.fault == CertificateFault::none_sent
                       ? "no client certificate was sent"
                       : "the client certificate does not verify: " + request.client_certificate_error;
  return refused;
}

}  // namespace

asio::awaitable<std::variant<SignedIn, CertificateFault>> CertificateSignIn::sign_in(const RequestView& request,
                                                                                     CertificateUse use) {
  CertificateRefused refused = refused_by_tls(request);
  if (!request.client_certificate.empty()) {
    auto answer = co_await user_of(request.client_certificate);
    if (auto* const user = std::get_if<CertificateUser>(&answer)) {
      auto groups = state_->groups_in(*user->evidence);
      SignedIn begun = sessions_.begin(request, std::move(user->principal), SignInMethod::certificate,
                                       std::move(groups), request.client_certificate);
      audit_session(AuditKind::sign_in, request, begun.session, request.client_certificate_name);
      co_return begun;
    }
    refused = std::move(std::get<CertificateRefused>(answer));
  }
  if (!request.client_certificate_name.empty())
    refused.detail.append(" (").append(request.client_certificate_name).append(")");
  if (use == CertificateUse::required || refused.fault != CertificateFault::none_sent)
    audit_refusal(request, SignInMethod::certificate, "", refused.detail);
  co_return refused.fault;
}

asio::awaitable<std::variant<CertificateUser, CertificateRefused>> CertificateSignIn::user_of(
    std::vector<std::uint8_t> der) {
  const auto names = names_in_certificate(der);
  if (!names)
    co_return CertificateRefused{CertificateFault::unreadable, "the client certificate does not name its user clearly"};
  // Each time anew: an account that was disabled a moment ago signs in no more.
  Client& client = tickets_->client();
  // Named, since g++ 12 destroys temporaries of a co_await expression twice.
  const std::string no_name;
  const std::vector<std::uint8_t> no_certificate;
  const CertificateHints no_hints;
  Outcome<Identity> who = co_await client.user_within_logon_hours(no_name, std::move(der), no_hints);
  const bool by_upn = state_->config.certificate_mapping == CertificateMapping::upn && !who &&
                      may_ask_by_name(*names, who.error().error);
  if (by_upn) who = co_await client.user_within_logon_hours(names->upn, no_certificate, no_hints);
  if (!who)
    co_return CertificateRefused{
        fault_of(*names, who.error()),
        "the client certificate" + (names->upn.empty() ? "" : " of " + names->upn) + ": " + who.error().text};
  CertificateUser user{.principal = who->principal(), .evidence = who->state().evidence};
  if (by_upn && !is_in_realm_of(state_->config.certificate_upn_realms, user.principal))
    co_return CertificateRefused{CertificateFault::other_account, "the client certificate names " + names->upn +
                                                                      " by its UPN, which is " + user.principal +
                                                                      ": upn_realms does not list that realm"};
  if (auto refused = judge_sid(*names, user)) co_return std::move(*refused);
  co_return user;
}

std::optional<CertificateRefused> CertificateSignIn::judge_sid(const CertificateNames& names,
                                                               const CertificateUser& user) const {
  if (!names.sid) return std::nullopt;
  const auto found = sids_in_evidence(*user.evidence, *state_->own_keys);
  if (found && found->user == *names.sid) return std::nullopt;
  return CertificateRefused{CertificateFault::other_account,
                            "the client certificate is for " + to_string(*names.sid) + ", and " + user.principal +
                                (found ? " is " + to_string(found->user) : " shows no SID")};
}

}  // namespace stead::proxy
