#include "sspi_shim/cli/certificate_file.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>

namespace stead::cli {
namespace {

template <auto Free>
struct FreeWith {
  void operator()(auto* handle) const noexcept { Free(handle); }
};
using BioPtr = std::unique_ptr<BIO, FreeWith<BIO_free>>;
using X509Ptr = std::unique_ptr<X509, FreeWith<X509_free>>;

}  // namespace

std::vector<std::uint8_t> read_certificate(const std::string& path, std::string& message) {
  const BioPtr file(BIO_new_file(path.c_str(), "rb"));
  if (!file) {
    message = path + ":1:1: cannot be read";
    return {};
  }
  const X509Ptr certificate(PEM_read_bio_X509(file.get(), nullptr, nullptr, nullptr));
  std::uint8_t* der = nullptr;
  const int size = certificate ? i2d_X509(certificate.get(), &der) : 0;
  if (size <= 0) {
    message = path + ":1:1: holds no certificate in PEM";
    return {};
  }
  std::vector<std::uint8_t> out(der, der + size);
  OPENSSL_free(der);
  return out;
}

}  // namespace stead::cli
