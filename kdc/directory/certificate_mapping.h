#pragma once
// The names by which altSecurityIdentities maps a certificate to an account (MS-PKCA; "X509:<I>issuer<S>subject" and
// the like).
#include <string>
#include <string_view>
#include <vector>

#include "sspi_shim/base/bytes.h"

namespace stead::kdc {

// Every mapping that fits this certificate: issuer and subject, subject, issuer and serial number, subject key
// identifier, SHA-1 of the certificate or of its public key, mail address. Names are written last part first, serial
// numbers byte-reversed, as AD does. Empty: no certificate.
[[nodiscard]] std::vector<std::string> mapping_names(Bytes der);
// What KB5014754 calls strong: issuer and serial number, key identifier, SHA-1. The others are names that a certificate
// of somebody else may bear.
[[nodiscard]] bool is_strong_mapping(std::string_view mapping);

}  // namespace stead::kdc
