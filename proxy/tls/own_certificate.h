#pragma once
// A certificate that the proxy shows, with its chain and key: to clients, or to a back end that asks for one.
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "proxy/config/tls_settings.h"
#include "proxy/tls/certificate_names.h"
#include "proxy/tls/ocsp_staple.h"
#include "proxy/tls/openssl_pointers.h"
#include "sspi_shim/base/problem.h"

namespace stead::proxy {

// Immutable after load().
struct OwnCertificate {
  X509Ptr leaf;
  ChainPtr chain;  // behind the leaf in the file; null: none
  KeyPtr key;
  CertificateNames names;
  std::string bindings;                      // tls_server_end_point
  std::array<std::uint8_t, 32> fingerprint;  // SHA-256 of the leaf
  OcspStaple staple;                         // without a response: none is configured

  // Refused: a file that cannot be read, a key that is not the certificate's, a certificate that has ended. `warnings`
  // gets a line for what works and is hardly meant. Blocking.
  [[nodiscard]] static Checked<std::unique_ptr<OwnCertificate>> load(const CertificateFiles& files,
                                                                     std::vector<std::string>& warnings);
  // As the one for its type of key. `files`: for a Problem.
  [[nodiscard]] Checked<void> use_in(SSL_CTX* context, const CertificateFiles& files) const;
  // True if the certificate is for the host: a name, or an address as a URL has it ("[::1]"), in lower case.
  [[nodiscard]] bool is_for(const std::string& host) const;
};

}  // namespace stead::proxy
