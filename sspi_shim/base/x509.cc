#include "sspi_shim/base/x509.h"

#include <openssl/bio.h>
#include <openssl/x509.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace stead {
namespace {

using BioPtr = std::unique_ptr<BIO, decltype(&BIO_free)>;

BioPtr memory_bio() {
  return {BIO_new(BIO_s_mem()), BIO_free};
}

std::string content_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

}  // namespace

std::string to_text(const X509_NAME* name) {
  const BioPtr bio = memory_bio();
  X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
  return content_of(bio.get());
}

std::string to_text(const ASN1_TIME* time) {
  const BioPtr bio = memory_bio();
  ASN1_TIME_print(bio.get(), time);
  return content_of(bio.get());
}

std::string subject_and_serial(const X509* certificate) {
  constexpr std::size_t kMaxSubject = 300;
  const BioPtr serial = memory_bio();
  i2a_ASN1_INTEGER(serial.get(), X509_get0_serialNumber(certificate));
  return to_text(X509_get_subject_name(certificate)).substr(0, kMaxSubject) + " serial " + content_of(serial.get());
}

std::vector<std::uint8_t> to_der(const X509* certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate, &der);
  std::vector<std::uint8_t> out;
  if (size > 0) out.assign(der, der + size);
  OPENSSL_free(der);
  return out;
}

Validity validity_of(const X509* certificate) {
  if (X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0) return Validity::ended;
  if (X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0) return Validity::not_yet;
  return Validity::now;
}

std::string tls_server_end_point(const X509* certificate) {
  if (certificate == nullptr) return {};
  int digest = NID_undef;
  if (X509_get_signature_info(const_cast<X509*>(certificate), &digest, nullptr, nullptr, nullptr) != 1) return {};
  const EVP_MD* hash = digest == NID_md5 || digest == NID_sha1 ? EVP_sha256() : EVP_get_digestbynid(digest);
  if (hash == nullptr) return {};
  std::array<unsigned char, EVP_MAX_MD_SIZE> value{};
  unsigned size = 0;
  if (X509_digest(certificate, hash, value.data(), &size) != 1) return {};
  std::string out = "tls-server-end-point:";
  out.append(reinterpret_cast<const char*>(value.data()), size);
  return out;
}

}  // namespace stead
