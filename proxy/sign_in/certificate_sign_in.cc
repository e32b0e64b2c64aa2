#include "proxy/sign_in/certificate_sign_in.h"

#include <openssl/sha.h>
#include <openssl/x509_vfy.h>

#include "proxy/sign_in/own_pages.h"
#include "sspi_shim/krb5/own_keys.h"
#include "sspi_shim/protocol/pac/pac.h"
#include "sspi_shim/protocol/pac/pac_logon_info.h"

namespace stead::proxy {
namespace {

namespace asio = boost::asio;

// A KDC that knows no such certificate, or no certificates at all.
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

struct Page {
  std::string_view title, text;
};
Page page_of(CertificateFault fault) {
  switch (fault) {
    case CertificateFault::none_sent:
      return {"Certificate needed", "This site signs you in with a client certificate, and your browser sent none."};
    case CertificateFault::wrong_ca:
      return {"Certificate not trusted",
              "Your certificate was not issued by an authority that this site trusts. Choose another one."};
    case CertificateFault::expired:
      return {"Certificate expired", "Your certificate is past its end. Have it renewed."};
    case CertificateFault::not_yet_valid:
      return {"Certificate not yet valid", "Your certificate's time has not begun."};
    case CertificateFault::revoked:
      return {"Certificate revoked", "Your certificate has been revoked. Ask your administrator for a new one."};
    case CertificateFault::revocation_unknown:
      return {"Certificate cannot be checked",
              "Whether your certificate was revoked is not known here. Ask your administrator, and name the request "
              "below."};
    case CertificateFault::unacceptable:
      return {"Certificate not accepted", "Your certificate is not one for signing in."};
    case CertificateFault::unreadable:
      return {"Certificate not understood", "Your certificate does not say clearly whose it is."};
    case CertificateFault::unmapped:
      return {"Certificate of nobody",
              "No account belongs to your certificate. Ask your administrator, and name the request below."};
    case CertificateFault::mapped_twice:
      return {"Certificate of several accounts",
              "More than one account claims your certificate. Ask your administrator, and name the request below."};
    case CertificateFault::other_account:
      return {"Certificate of another account",
              "Your certificate was issued for another account than the one that bears its name. "
              "Ask your administrator, and name the request below."};
    case CertificateFault::account_refused:
      return {"Account not accepted",
              "The account of your certificate may not sign in. Ask your administrator, and name the request below."};
    case CertificateFault::directory_silent:
      return {"Sign-in is not possible now", "The directory did not answer. Try again in a moment."};
  }
  return {"Certificate not accepted", "Your certificate is not accepted here."};
}

}  // namespace

CertificateFault fault_of(std::string_view verify_error) {
  if (verify_error.empty()) return CertificateFault::none_sent;
  constexpr std::pair<int, CertificateFault> kFaults[] = {
      {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, CertificateFault::wrong_ca},
      {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, CertificateFault::wrong_ca},
      {X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, CertificateFault::wrong_ca},
      {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, CertificateFault::wrong_ca},
      {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, CertificateFault::wrong_ca},
      {X509_V_ERR_CERT_UNTRUSTED, CertificateFault::wrong_ca},
      {X509_V_ERR_CERT_SIGNATURE_FAILURE, CertificateFault::wrong_ca},
      {X509_V_ERR_INVALID_CA, CertificateFault::wrong_ca},
      {X509_V_ERR_CERT_HAS_EXPIRED, CertificateFault::expired},
      {X509_V_ERR_CERT_NOT_YET_VALID, CertificateFault::not_yet_valid},
      {X509_V_ERR_CERT_REVOKED, CertificateFault::revoked},
      {X509_V_ERR_UNABLE_TO_GET_CRL, CertificateFault::revocation_unknown},
      {X509_V_ERR_CRL_HAS_EXPIRED, CertificateFault::revocation_unknown},
      {X509_V_ERR_CRL_NOT_YET_VALID, CertificateFault::revocation_unknown},
      {X509_V_ERR_CRL_SIGNATURE_FAILURE, CertificateFault::revocation_unknown},
      {X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER, CertificateFault::revocation_unknown},
  };
  for (const auto& [code, fault] : kFaults)
    if (verify_error == X509_verify_cert_error_string(code)) return fault;
  return CertificateFault::unacceptable;
}

Buffer certificate_digest(Bytes der) {
  Buffer digest(SHA256_DIGEST_LENGTH);
  SHA256(der.data(), der.size(), digest.data());
  return digest;
}

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

asio::awaitable<std::variant<std::string, CertificateRefused>> CertificateSignIn::user_of(
    std::vector<std::uint8_t> der) {
  const auto names = names_in_certificate(der);
  if (!names)
    co_return CertificateRefused{CertificateFault::unreadable,
                                 "the client certificate does not say clearly whose it is"};
  Client& client = tickets_->client();
  Outcome<Identity> who = co_await client.user_by_certificate(std::move(der));
  if (!who && !names->upn.empty() && may_ask_by_name(who.error().error)) who = co_await client.user(names->upn);
  if (!who)
    co_return CertificateRefused{
        fault_of(who.error()),
        "the client certificate" + (names->upn.empty() ? "" : " of " + names->upn) + ": " + who.error().text};
  if (names->sid) {
    auto found = sid_in_evidence(*who->state().evidence, *state_->own_keys->all());
    if (!found && state_->own_keys->look_again())
      found = sid_in_evidence(*who->state().evidence, *state_->own_keys->all());
    if (!found || *found != *names->sid)
      co_return CertificateRefused{CertificateFault::other_account,
                                   "the client certificate is for " + to_string(*names->sid) + ", and " +
                                       who->principal() + (found ? " is " + to_string(*found) : " shows no SID")};
  }
  co_return who->principal();
}

OwnResponse certificate_page(CertificateFault fault, std::string_view request_id) {
  const bool silent = fault == CertificateFault::directory_silent;
  const Page page = page_of(fault);
  OwnResponse response = error_page(silent ? 503 : 403, request_id, page.title, page.text);
  if (silent) response.headers.emplace_back("Retry-After", "5");
  return response;
}

}  // namespace stead::proxy
