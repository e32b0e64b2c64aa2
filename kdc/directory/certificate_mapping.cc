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

#include "kdc/directory/distinguished_name.h"
#include "sspi_shim/base/hex.h"
#include "sspi_shim/base/text.h"

namespace stead::kdc {
namespace {

struct FreeX509 {
  void operator()(X509* certificate) const noexcept { X509_free(certificate); }
};

// Where the issuer's name ends in "X509:<I>issuer<S>subject": at the first such tag outside of quotes.
std::size_t end_of_issuer(std::string_view text) {
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
      continue;
    }
    if (text[i] == '"') quoted = !quoted;
    const std::string_view rest = text.substr(i);
    if (!quoted && (equal_ignoring_case(rest.substr(0, 3), "<S>") || equal_ignoring_case(rest.substr(0, 4), "<SR>")))
      return i;
  }
  return text.npos;
}

bool has_tag(std::string_view text, std::string_view tag) {
  return equal_ignoring_case(text.substr(0, tag.size()), tag);
}

std::string issuer_mapping(std::string_view after_tag) {
  const std::size_t end = end_of_issuer(after_tag);
  const auto issuer = canonical_name(after_tag.substr(0, end));
  if (!issuer || end == after_tag.npos) return {};
  const std::string_view rest = after_tag.substr(end);
  if (has_tag(rest, "<SR>")) return "x509:<i>" + *issuer + to_lower(rest);
  const auto subject = canonical_name(rest.substr(3));
  return subject ? "x509:<i>" + *issuer + "<s>" + *subject : std::string();
}

}  // namespace

std::vector<std::string> mapping_names(Bytes der) {
  const auto* in = der.data();
  const std::unique_ptr<X509, FreeX509> certificate(d2i_X509(nullptr, &in, static_cast<long>(der.size())));
  std::vector<std::string> out;
  if (!certificate) return out;
  const auto issuer = canonical_name(X509_get_issuer_name(certificate.get()));
  const auto subject = canonical_name(X509_get_subject_name(certificate.get()));
  out.push_back("x509:<i>" + issuer + "<s>" + subject);
  out.push_back("x509:<s>" + subject);
  const ASN1_INTEGER* serial = X509_get0_serialNumber(certificate.get());
  Buffer reversed(ASN1_STRING_get0_data(serial), ASN1_STRING_get0_data(serial) + ASN1_STRING_length(serial));
  std::reverse(reversed.begin(), reversed.end());
  out.push_back("x509:<i>" + issuer + "<sr>" + to_hex(reversed));
  if (const auto* identifier = X509_get0_subject_key_id(certificate.get()))
    out.push_back("x509:<ski>" + to_hex({ASN1_STRING_get0_data(identifier),
                                         static_cast<std::size_t>(ASN1_STRING_length(identifier))}));
  std::array<std::uint8_t, 20> digest{};
  EVP_Digest(der.data(), der.size(), digest.data(), nullptr, EVP_sha1(), nullptr);
  out.push_back("x509:<sha1-pukey>" + to_hex(digest));
  // AD takes the certificate's hash under this tag; administrators also write the public key's, as the tag says.
  if (const auto* key = X509_get0_pubkey_bitstr(certificate.get())) {
    EVP_Digest(key->data, static_cast<std::size_t>(key->length), digest.data(), nullptr, EVP_sha1(), nullptr);
    out.push_back("x509:<sha1-pukey>" + to_hex(digest));
  }
  if (auto* mails = X509_get1_email(certificate.get())) {
    for (int i = 0; i < sk_OPENSSL_STRING_num(mails); ++i)
      out.push_back("x509:<rfc822>" + to_lower(sk_OPENSSL_STRING_value(mails, i)));
    X509_email_free(mails);
  }
  return out;
}

std::string canonical_mapping(std::string_view written) {
  if (!has_tag(written, "X509:")) return to_lower(written);
  const std::string_view names = trim_blanks(written.substr(5));
  std::string out;
  if (has_tag(names, "<I>")) {
    out = issuer_mapping(names.substr(3));
  } else if (has_tag(names, "<S>")) {
    if (const auto subject = canonical_name(names.substr(3))) out = "x509:<s>" + *subject;
  }
  return out.empty() ? to_lower(written) : out;
}

bool is_strong_mapping(std::string_view mapping) {
  if (!has_tag(mapping, "X509:")) return false;
  const std::string_view names = trim_blanks(mapping.substr(5));
  if (has_tag(names, "<SKI>") || has_tag(names, "<SHA1-PUKEY>")) return true;
  if (!has_tag(names, "<I>")) return false;
  const std::size_t end = end_of_issuer(names.substr(3));
  return end != names.npos && has_tag(names.substr(3 + end), "<SR>");
}

}  // namespace stead::kdc
