#pragma once
// Distinguished names in one canonical text, so that a name in a certificate equals the name that an administrator
// wrote: in RFC 2253's form, or in Windows' (CertNameToStr: S= and E=, values in quotes, OID.1.2.3=).
#include <openssl/x509.h>

#include <optional>
#include <string>
#include <string_view>

namespace stead::kdc {

// The parts in the order of the encoding, each as OID=value: lower case, blanks at both ends of a value removed.
[[nodiscard]] std::string canonical_name(const X509_NAME* name);

// The same of a written name. Nothing: the text is no distinguished name.
[[nodiscard]] std::optional<std::string> canonical_name(std::string_view written);

}  // namespace stead::kdc
