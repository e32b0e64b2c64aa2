#pragma once
// An OCSP response that is sent with a certificate (RFC 6066 §8), so that clients need not ask the authority. A tool fetches
// it into a file, as `openssl ocsp -respout` does; the proxy never asks an authority itself.
#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "proxy/config/tls_settings.h"
#include "proxy/tls/openssl_pointers.h"
#include "sspi_shim/base/problem.h"

namespace stead::proxy {

struct OcspStaple {
  std::vector<std::uint8_t> response;  // DER
  std::optional<std::chrono::system_clock::time_point> next_update;
  // Past its next update it is not sent: clients would refuse the connection.
  [[nodiscard]] bool is_good_at(std::chrono::system_clock::time_point now) const {
    return !response.empty() && (!next_update || now < *next_update);
  }
};

// Reads `files.ocsp`. Refused, with the reason: a response for another certificate, by somebody else than the certificate's
// issuer or a responder of theirs, past its time, or one that does not say "good". The issuer's certificate must stand
// behind the leaf in the file of the certificate. Blocking.
[[nodiscard]] Checked<OcspStaple> read_ocsp_staple(const CertificateFiles& files, X509* leaf, STACK_OF(X509) * chain);

}  // namespace stead::proxy
