#pragma once
// Why a client certificate does not sign a user in, and the page that says so.
#include <string_view>

#include "proxy/sign_in/sign_in.h"

namespace stead::proxy {

enum class CertificateFault {
  // Found by TLS.
  none_sent,
  wrong_ca,
  expired,
  not_yet_valid,
  revoked,
  revocation_unknown,
  unacceptable,
  // Found by the directory, or in the certificate's names.
  unreadable,
  unmapped,
  mapped_twice,
  weakly_mapped,
  other_account,
  account_refused,
  directory_silent,
};

// The fault for TLS's verdict: a text of X509_verify_cert_error_string. Empty: none_sent.
[[nodiscard]] CertificateFault fault_of(std::string_view verify_error);

// 403, or 503 with Retry-After for directory_silent.
[[nodiscard]] OwnResponse certificate_page(CertificateFault fault, std::string_view request_id);

}  // namespace stead::proxy
