#include "sspi_shim/cli/certificate_file.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

#include "sspi_shim/base/x509.h"

namespace stead::cli {
namespace {

template <auto Free>
struct FreeWith {
  void operator()(auto* handle) const noexcept { Free(handle); }
};
using BioPtr = std::unique_ptr<BIO, FreeWith<BIO_free>>;
using X509Ptr = std::unique_ptr<X509, FreeWith<X509_free>>;

}  // namespace

Checked<Buffer> read_certificate(const std::string& path) {
  const BioPtr file(BIO_new_file(path.c_str(), "rb"));
  if (!file) return Problem{"cannot be read", path + ":1:1", ""};
  const X509Ptr certificate(PEM_read_bio_X509(file.get(), nullptr, nullptr, nullptr));
  if (!certificate) return Problem{"has no certificate in PEM", path + ":1:1", ""};
  return to_der(certificate.get());
}

}  // namespace stead::cli
