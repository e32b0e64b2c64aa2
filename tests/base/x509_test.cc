#include "sspi_shim/base/x509.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <string_view>

#include "sspi_shim/base/bytes.h"

namespace stead {
namespace {

using CertificatePtr = std::unique_ptr<X509, decltype([](X509* it) { X509_free(it); })>;
using KeyPtr = std::unique_ptr<EVP_PKEY, decltype([](EVP_PKEY* it) { EVP_PKEY_free(it); })>;

// A self-signed certificate whose signature uses this hash; null: the one of the key's algorithm.
CertificatePtr signed_with(const EVP_MD* hash, const char* algorithm = "EC") {
  const KeyPtr key(std::string_view(algorithm) == "EC" ? EVP_PKEY_Q_keygen(nullptr, nullptr, algorithm, "P-256")
                                                       : EVP_PKEY_Q_keygen(nullptr, nullptr, algorithm));
  CertificatePtr out(X509_new());
  X509_gmtime_adj(X509_getm_notBefore(out.get()), 0);
  X509_gmtime_adj(X509_getm_notAfter(out.get()), 3600);
  X509_set_pubkey(out.get(), key.get());
  EXPECT_GT(X509_sign(out.get(), key.get(), hash), 0);
  return out;
}

std::string hashed(const X509* certificate, const EVP_MD* hash) {
  Buffer value(EVP_MAX_MD_SIZE);
  unsigned size = 0;
  EXPECT_EQ(X509_digest(certificate, hash, value.data(), &size), 1);
  return "tls-server-end-point:" + std::string(as_text(Bytes(value).first(size)));
}

// RFC 5929 §4.1.
TEST(EndPointBindings, UseTheHashOfTheSignature) {
  for (const EVP_MD* hash : {EVP_sha256(), EVP_sha384(), EVP_sha512()}) {
    const auto certificate = signed_with(hash);
    EXPECT_EQ(tls_server_end_point(certificate.get()), hashed(certificate.get(), hash)) << EVP_MD_get0_name(hash);
  }
}

TEST(EndPointBindings, UseSha256InPlaceOfSha1) {
  const auto certificate = signed_with(EVP_sha1());
  EXPECT_EQ(tls_server_end_point(certificate.get()), hashed(certificate.get(), EVP_sha256()));
}

TEST(EndPointBindings, AreEmptyWhereTheSignatureNamesNoHash) {
  EXPECT_EQ(tls_server_end_point(signed_with(nullptr, "ED25519").get()), "");
  EXPECT_EQ(tls_server_end_point(nullptr), "");
}

}  // namespace
}  // namespace stead
