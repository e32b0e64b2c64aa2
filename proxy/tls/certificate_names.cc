#include "proxy/tls/certificate_names.h"

#include <openssl/x509v3.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/tls/openssl_pointers.h"
#include "sspi_shim/base/text.h"

namespace stead::proxy {
namespace {

bool has(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

std::string_view behind_first_label(std::string_view host) {
  const std::size_t dot = host.find('.');
  return dot == std::string_view::npos || dot == 0 ? std::string_view{} : host.substr(dot);
}

CertificateNames::CertificateNames(const X509* certificate) {
  const std::unique_ptr<GENERAL_NAMES, FreeWith<GENERAL_NAMES_free>> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_DNS) continue;
    add({reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName)),
         static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName))});
  }
}

CertificateNames::CertificateNames(const std::vector<std::string>& dns_names) {
  for (const std::string& name : dns_names) add(name);
}

void CertificateNames::add(std::string_view name) {
  const bool wildcard = name.starts_with("*.") && name.size() > 2;
  std::string rest = to_lower(wildcard ? name.substr(1) : name);
  constexpr std::string_view kNotInNames("*\0", 2);
  if (rest.empty() || rest.find_first_of(kNotInNames) != std::string::npos) return;
  (wildcard ? wildcards_ : exact_).push_back(std::move(rest));
}

bool CertificateNames::has(std::string_view host) const {
  const std::string_view rest = behind_first_label(host);
  return proxy::has(exact_, host) || (!rest.empty() && proxy::has(wildcards_, rest));
}

}  // namespace stead::proxy
