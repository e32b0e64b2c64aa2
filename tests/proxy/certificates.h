#pragma once
// Self-signed client certificates with the names that a directory maps. Chains are checked by TLS and not needed here.
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sspi_shim/base/bytes.h"

namespace stead::proxy::test {

struct CertificateText {
  // As openssl.cnf writes them: {"subjectAltName", "otherName:1.3.6.1.4.1.311.20.2.3;UTF8:alice@root.example"}.
  std::vector<std::pair<std::string, std::string>> extensions;
  std::string sections;  // of openssl.cnf, if an extension refers to one
};

// DER. Empty if OpenSSL rejects an extension's text.
inline Buffer make_certificate(const CertificateText& text) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(X509_new(), X509_free);
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_set_pubkey(certificate.get(), key.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("user"), -1, -1, 0);
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate.get()));
  const std::unique_ptr<CONF, decltype(&NCONF_free)> conf(NCONF_new(nullptr), NCONF_free);
  const std::unique_ptr<BIO, decltype(&BIO_free)> sections(
      BIO_new_mem_buf(text.sections.data(), int(text.sections.size())), BIO_free);
  long line = 0;
  if (!text.sections.empty() && NCONF_load_bio(conf.get(), sections.get(), &line) != 1) return {};
  X509V3_CTX context;
  X509V3_set_ctx(&context, certificate.get(), certificate.get(), nullptr, nullptr, 0);
  X509V3_set_nconf(&context, conf.get());
  for (const auto& [name, value] : text.extensions) {
    const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> extension(
        X509V3_EXT_nconf(conf.get(), &context, name.c_str(), value.c_str()), X509_EXTENSION_free);
    if (!extension) return {};
    X509_add_ext(certificate.get(), extension.get(), -1);
  }
  X509_sign(certificate.get(), key.get(), EVP_sha256());
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate.get(), &der);
  Buffer out(der, der + std::max(size, 0));
  OPENSSL_free(der);
  return out;
}

inline std::pair<std::string, std::string> upn_name(const std::string& upn) {
  return {"subjectAltName", "otherName:1.3.6.1.4.1.311.20.2.3;UTF8:" + upn};
}
// The SID extension that AD's CA adds (MS-WCCE §2.2.2.7.7.4): GeneralNames with one otherName.
inline std::pair<std::string, std::string> sid_extension() {
  return {"1.3.6.1.4.1.311.25.2", "ASN1:SEQUENCE:names"};
}
inline std::string sid_sections(const std::string& sid) {
  return "[names]\nname = IMPLICIT:0,SEQUENCE:name\n[name]\ntype = OID:1.3.6.1.4.1.311.25.2.1\nvalue = "
         "EXPLICIT:0,FORMAT:ASCII,OCTETSTRING:" +
         sid + "\n";
}

}  // namespace stead::proxy::test
