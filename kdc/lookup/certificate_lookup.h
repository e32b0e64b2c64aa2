#pragma once
// Which account a client certificate means (MS-PKCA §3.1.5.2.1, KB5014754).
#include <string>

#include "kdc/lookup/domain_view.h"

namespace stead::kdc {

struct CertificateLookup {
  enum class Outcome {
    found,             // `account` is set
    other_realm,       // `other_realm` is to be asked instead
    unknown,           // no account, or no certificate
    several_accounts,  // more than one account is mapped to it
    sid_mismatch,      // it has the SID of another account than the one it is mapped to
  } outcome = Outcome::unknown;
  const AccountEntry* account = nullptr;
  std::string other_realm;
};

// Looks for a mapping in altSecurityIdentities, then for the SID that Active Directory's CA writes into the
// certificate, then for the UPN in its subject alternative name. A SID in the certificate must be the account's,
// however the account was found; only a strong mapping of altSecurityIdentities overrides it. A certificate without a
// SID is accepted by its UPN (the update's compatibility mode).
[[nodiscard]] CertificateLookup find_client_by_certificate(const DomainView& view, Bytes der);

// True if it is this account's certificate by its UPN, its SID or altSecurityIdentities, even if it is mapped to other
// accounts as well. A SID in it must be the account's, as above.
[[nodiscard]] bool is_certificate_of(const DomainView& view, const AccountEntry& account, Bytes der);

}  // namespace stead::kdc
