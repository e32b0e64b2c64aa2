#pragma once
// The user that a client certificate names, in the forms of Active Directory's CA (MS-WCCE §2.2.2.7.7.4, MS-PKCA
// §3.1.5.2.1, KB5014754).
#include <optional>
#include <string>

#include "sspi_shim/protocol/errors/error.h"
#include "sspi_shim/protocol/security/sid.h"

namespace stead {

struct CertificateNames {
  std::string upn;         // otherName 1.3.6.1.4.1.311.20.2.3 of the SAN; empty: none
  std::optional<Sid> sid;  // extension 1.3.6.1.4.1.311.25.2, or tag:microsoft.com,2022-09-14:sid: in the SAN
};
// Fails with bad_value if this is no X.509 certificate, or one that names several users. Does not verify it.
[[nodiscard]] Result<CertificateNames> names_in_certificate(Bytes der);

// KDC_ERR_CERTIFICATE_MISMATCH: the SID in the certificate is not that of the account it is mapped to.
constexpr auto kCertificateMismatch = static_cast<KrbErrc>(66);
// KDC_ERR_CLIENT_NAME_MISMATCH: the certificate is not mapped to the named account (MS-PKCA §3.1.5.2.1).
constexpr auto kClientNameMismatch = static_cast<KrbErrc>(75);

}  // namespace stead
