#include "kdc/directory/certificate_mapping.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sspi_shim/base/hex.h"
#include "sspi_shim/base/text.h"

namespace stead::kdc {
namespace {

struct FreeX509 {
  void operator()(X509* certificate) const noexcept { X509_free(certificate); }
};

// "DC=com,DC=fabrikam,CN=issuer": the order of the encoding, as AD writes these names.
std::string name_text(const X509_NAME* name) {
  std::string out;
  BIO* bio = BIO_new(BIO_s_mem());
  if (X509_NAME_print_ex(bio, name, 0, (XN_FLAG_RFC2253 & ~XN_FLAG_DN_REV) & ~ASN1_STRFLGS_ESC_MSB) >= 0) {
    char* text = nullptr;
    const long size = BIO_get_mem_data(bio, &text);
    out.assign(text, static_cast<std::size_t>(size));
  }
  BIO_free(bio);
  return out;
}

}  // namespace

std::vector<std::string> mapping_names(Bytes der) {
  const auto* in = der.data();
  const std::unique_ptr<X509, FreeX509> certificate(d2i_X509(nullptr, &in, static_cast<long>(der.size())));
  std::vector<std::string> out;
  if (!certificate) return out;
  const auto issuer = name_text(X509_get_issuer_name(certificate.get()));
  const auto subject = name_text(X509_get_subject_name(certificate.get()));
  out.push_back("X509:<I>" + issuer + "<S>" + subject);
  out.push_back("X509:<S>" + subject);
  const ASN1_INTEGER* serial = X509_get0_serialNumber(certificate.get());
  Buffer reversed(ASN1_STRING_get0_data(serial), ASN1_STRING_get0_data(serial) + ASN1_STRING_length(serial));
  std::reverse(reversed.begin(), reversed.end());
  out.push_back("X509:<I>" + issuer + "<SR>" + to_hex(reversed));
  if (const auto* identifier = X509_get0_subject_key_id(certificate.get()))
    out.push_back("X509:<SKI>" + to_hex({ASN1_STRING_get0_data(identifier),
                                         static_cast<std::size_t>(ASN1_STRING_length(identifier))}));
  std::array<std::uint8_t, 20> digest{};
  EVP_Digest(der.data(), der.size(), digest.data(), nullptr, EVP_sha1(), nullptr);
  out.push_back("X509:<SHA1-PUKEY>" + to_hex(digest));
  // AD takes the certificate's hash under this tag; administrators also write the public key's, as the tag says.
  if (const auto* key = X509_get0_pubkey_bitstr(certificate.get())) {
    EVP_Digest(key->data, static_cast<std::size_t>(key->length), digest.data(), nullptr, EVP_sha1(), nullptr);
    out.push_back("X509:<SHA1-PUKEY>" + to_hex(digest));
  }
  if (auto* mails = X509_get1_email(certificate.get())) {
    for (int i = 0; i < sk_OPENSSL_STRING_num(mails); ++i)
      out.push_back("X509:<RFC822>" + std::string(sk_OPENSSL_STRING_value(mails, i)));
    X509_email_free(mails);
  }
  return out;
}

bool is_strong_mapping(std::string_view mapping) {
  const auto upper = to_upper(mapping);
  if (upper.starts_with("X509:<SKI>") || upper.starts_with("X509:<SHA1-PUKEY>")) return true;
  return upper.starts_with("X509:<I>") && upper.find("<SR>") != upper.npos && upper.find("<S>") == upper.npos;
}

}  // namespace stead::kdc
