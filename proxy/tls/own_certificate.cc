#include "proxy/tls/own_certificate.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "sspi_shim/base/openssl_error.h"
#include "sspi_shim/base/x509.h"

namespace stead::proxy {
namespace {

// Without this callback OpenSSL asks for a passphrase at the terminal.
int no_passphrase(char*, int, int, void*) {
  return -1;
}

Problem refused(const CertificateFiles& files, std::string message) {
  return {.message = std::move(message), .where = files.where, .fix = {}};
}

bool has_addresses(const X509* certificate) {
  const std::unique_ptr<GENERAL_NAMES, FreeWith<GENERAL_NAMES_free>> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i)
    if (sk_GENERAL_NAME_value(names.get(), i)->type == GEN_IPADD) return true;
  return false;
}

std::string of_whom(const OwnCertificate& certificate, const CertificateFiles& files) {
  return "the certificate " + files.certificate + " of " + to_text(X509_get_subject_name(certificate.leaf.get()));
}

// PEM files as OpenSSL's own readers take them. The first certificate of the file, with those behind it in `chain`.
Checked<X509Ptr> read_certificate_chain(const CertificateFiles& files, ChainPtr& chain) {
  ERR_clear_error();
  const BioPtr bio(BIO_new_file(files.certificate.c_str(), "rb"));
  X509Ptr leaf(bio ? PEM_read_bio_X509_AUX(bio.get(), nullptr, no_passphrase, nullptr) : nullptr);
  if (!leaf) return refused(files, "the certificate " + files.certificate + ": " + take_openssl_error());
  chain.reset(sk_X509_new_null());
  if (!chain) throw std::bad_alloc();
  while (X509* const next = PEM_read_bio_X509(bio.get(), nullptr, no_passphrase, nullptr))
    if (sk_X509_push(chain.get(), next) == 0) {
      X509_free(next);
      throw std::bad_alloc();
    }
  // PEM_read ends with an error in any case: NO_START_LINE is the end of the file, any other a broken block.
  const unsigned long code = ERR_peek_last_error();
  if (ERR_GET_LIB(code) != ERR_LIB_PEM || ERR_GET_REASON(code) != PEM_R_NO_START_LINE)
    return refused(files, "the chain behind the certificate in " + files.certificate + ": " + take_openssl_error());
  ERR_clear_error();
  return leaf;
}

// One with a passphrase is refused.
Checked<KeyPtr> read_private_key(const CertificateFiles& files) {
  ERR_clear_error();
  const BioPtr bio(BIO_new_file(files.key.c_str(), "rb"));
  KeyPtr key(bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr) : nullptr);
  if (!key) return refused(files, "the certificate's key " + files.key + ": " + take_openssl_error());
  return key;
}

}  // namespace

Checked<std::unique_ptr<OwnCertificate>> OwnCertificate::load(const CertificateFiles& files,
                                                              std::vector<std::string>& warnings) {
  auto out = std::make_unique<OwnCertificate>();
  auto leaf = read_certificate_chain(files, out->chain);
  if (!leaf) return leaf.error();
  out->leaf = std::move(*leaf);
  auto key = read_private_key(files);
  if (!key) return key.error();
  out->key = std::move(*key);
  if (X509_check_private_key(out->leaf.get(), out->key.get()) != 1)
    return refused(files, "the certificate's key " + files.key + ": " + take_openssl_error());
  switch (validity_of(out->leaf.get())) {
    case Validity::now:
      break;
    case Validity::ended:
      return refused(files, of_whom(*out, files) + " ended " + to_text(X509_get0_notAfter(out->leaf.get())));
    case Validity::not_yet:
      warnings.push_back(files.where + ": " + of_whom(*out, files) + " is not valid before " +
                         to_text(X509_get0_notBefore(out->leaf.get())) + ": clients refuse it");
  }
  out->names = CertificateNames(out->leaf.get());
  if (out->names.empty() && !has_addresses(out->leaf.get()))
    warnings.push_back(files.where + ": " + of_whom(*out, files) +
                       " has no name in subjectAltName: browsers refuse it");
  out->bindings = tls_server_end_point(out->leaf.get());
  if (X509_digest(out->leaf.get(), EVP_sha256(), out->fingerprint.data(), nullptr) != 1) throw std::bad_alloc();
  if (files.ocsp.empty()) return out;
  auto staple = read_ocsp_staple(files, out->leaf.get(), out->chain.get());
  if (!staple) return staple.error();
  out->staple = std::move(*staple);
  return out;
}

Checked<void> OwnCertificate::use_in(SSL_CTX* context, const CertificateFiles& files) const {
  ERR_clear_error();
  if (SSL_CTX_use_cert_and_key(context, leaf.get(), key.get(), chain.get(), 1) == 1)
    return boost::system::in_place_value;
  return refused(files, "the certificate " + files.certificate + " cannot be used: " + take_openssl_error());
}

bool OwnCertificate::is_for(const std::string& host) const {
  if (names.has(host)) return true;
  const bool brackets = host.starts_with('[') && host.ends_with(']');
  return X509_check_ip_asc(leaf.get(), brackets ? host.substr(1, host.size() - 2).c_str() : host.c_str(), 0) == 1;
}

}  // namespace stead::proxy
