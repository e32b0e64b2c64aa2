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
    weakly_mapped,     // only a name binds it to an account: its UPN, or a weak mapping of altSecurityIdentities
  } outcome = Outcome::unknown;
  const AccountEntry* account = nullptr;
  std::string other_realm;
};

// Looks for a mapping in altSecurityIdentities, then for the SID that Active Directory's CA writes into the certificate.
// A SID in the certificate must be the account's, however the account was found; only a strong mapping of
// altSecurityIdentities overrides it. A certificate without a SID needs a strong mapping: DCs since the update of
// February 2025 believe neither its UPN nor a weak mapping (StrongCertificateBindingEnforcement = 2).
[[nodiscard]] CertificateLookup find_client_by_certificate(const DomainView& view, Bytes der);

// True if it is this account's certificate by its SID or by a strong mapping, even if it is mapped to other accounts as
// well.
[[nodiscard]] bool is_certificate_of(const DomainView& view, const AccountEntry& account, Bytes der);

}  // namespace stead::kdc
