#pragma once
// The names by which altSecurityIdentities maps a certificate to an account (MS-PKCA; "X509:<I>issuer<S>subject" and
// the like).
#include <string>
#include <string_view>
#include <vector>

#include "sspi_shim/base/bytes.h"

namespace stead::kdc {

// Every mapping that fits this certificate: issuer and subject, subject, issuer and serial number, subject key
// identifier, SHA-1 of the certificate or of its public key, mail address. Names have their last part first and serial
// numbers are byte-reversed, as in AD. Each is canonical_mapping of itself. Empty: not a certificate.
[[nodiscard]] std::vector<std::string> mapping_names(Bytes der);
// A mapping in the form in which it equals those of mapping_names: without regard to letter case, and to how Windows and
// RFC 2253 write names.
[[nodiscard]] std::string canonical_mapping(std::string_view written);
// Strong in the sense of KB5014754: issuer and serial number, key identifier, SHA-1. Other mappings are names that
// another person's certificate may have too.
[[nodiscard]] bool is_strong_mapping(std::string_view mapping);

}  // namespace stead::kdc
