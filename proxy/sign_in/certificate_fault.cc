#include "proxy/sign_in/certificate_fault.h"

#include <openssl/x509_vfy.h>

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

#include "proxy/pages/own_pages.h"

namespace stead::proxy {
namespace {

constexpr std::pair<int, CertificateFault> kFaultsOfTls[] = {
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

struct Page {
  CertificateFault fault;
  std::string_view title, text;
};
constexpr Page kPages[] = {
    {CertificateFault::none_sent, "Certificate needed",
     "This site signs you in with a client certificate, and your browser sent none."},
    {CertificateFault::wrong_ca, "Certificate not trusted",
     "This site does not trust the authority that issued your certificate. Choose another certificate."},
    {CertificateFault::expired, "Certificate expired",
     "Your certificate has expired. Renew it, or choose another one."},
    {CertificateFault::not_yet_valid, "Certificate not yet valid",
     "Your certificate is not valid yet. Choose another one, or check your computer's clock."},
    {CertificateFault::revoked, "Certificate revoked",
     "Your certificate has been revoked. Ask your administrator for a new one."},
    {CertificateFault::revocation_unknown, "Certificate cannot be checked",
     "This site cannot check whether your certificate is revoked. Ask your administrator, and give them the request id "
     "below."},
    {CertificateFault::unacceptable, "Certificate not accepted", "Your certificate cannot be used to sign in."},
    {CertificateFault::unreadable, "Certificate not understood",
     "Your certificate does not name its user in a way that this site understands."},
    {CertificateFault::unmapped, "No account matches this certificate",
     "The directory has no account for your certificate. Ask your administrator, and give them the request id below."},
    {CertificateFault::mapped_twice, "Several accounts match this certificate",
     "The directory has more than one account for your certificate. Ask your administrator, and give them the request "
     "id below."},
    {CertificateFault::weakly_mapped, "Certificate not bound to an account",
     "Your certificate names your account, but nothing binds it to that account. Ask your administrator for a new one, "
     "and give them the request id below."},
    {CertificateFault::other_account, "Certificate of another account",
     "Your certificate was issued for another account than the one with its name. Ask your administrator, and give "
     "them the request id below."},
    {CertificateFault::account_refused, "Sign-in refused",
     "The account of your certificate is not allowed to sign in. Ask your administrator, and give them the request id "
     "below."},
};

}  // namespace

CertificateFault fault_of(std::string_view verify_error) {
  if (verify_error.empty()) return CertificateFault::none_sent;
  for (const auto& [code, fault] : kFaultsOfTls)
    if (verify_error == X509_verify_cert_error_string(code)) return fault;
  return CertificateFault::unacceptable;
}

OwnResponse certificate_page(CertificateFault fault, std::string_view request_id) {
  if (fault == CertificateFault::directory_silent) return no_directory_page(request_id);
  const auto* const page =
      std::find_if(std::begin(kPages), std::end(kPages), [&](const Page& each) { return each.fault == fault; });
  return error_page(403, request_id, page->title, page->text);
}

}  // namespace stead::proxy
