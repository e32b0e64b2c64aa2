#include "proxy/doctor/gather/front.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "proxy/doctor/facts/proxy_file.h"
#include "sspi_shim/base/x509.h"

namespace stead::doctor {
namespace {

using BioPtr = std::unique_ptr<BIO, decltype(&BIO_free)>;
using CertificatePtr = std::unique_ptr<X509, decltype(&X509_free)>;

}  // namespace

std::optional<CertificateFacts> read_certificate(const proxy::Config& config) {
  if (config.tls.certificates.empty()) return std::nullopt;
  const proxy::CertificateFiles& files = config.tls.certificates.front();
  CertificateFacts out;
  out.path = files.certificate;
  out.key = files.key;
  errno = 0;
  const BioPtr bio(BIO_new_file(files.certificate.c_str(), "rb"), BIO_free);
  const CertificatePtr certificate(bio ? PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr) : nullptr, X509_free);
  if (!certificate) {
    out.error = bio ? "there is no certificate in PEM form in it" : std::strerror(errno);
    return out;
  }
  out.begins = to_text(X509_get0_notBefore(certificate.get()));
  out.ends = to_text(X509_get0_notAfter(certificate.get()));
  out.holds_now = validity_of(certificate.get()) == Validity::now;
  std::vector<std::string> names;
  for (const proxy::Route& route : config.routes)
    if (route.has_one_host()) names.push_back(route.host);
  for (const std::string& spn : published_spns(config))
    names.push_back(spn.substr(std::min(spn.find('/') + 1, spn.size())));
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  std::erase(names, "");
  if (!names.empty()) out.name = names.front();
  for (const std::string& name : names)
    if (X509_check_host(certificate.get(), name.data(), name.size(), 0, nullptr) != 1) out.not_named.push_back(name);
  return out;
}

Awaitable<std::vector<std::string>> aliases_of(ToolsPtr tools, std::string name) {
  if (!tools->domain_dns) co_return std::vector<std::string>();
  const auto query = tools->domain_dns->ask_addresses(name);
  const auto found = co_await tools->domain_dns->addresses(query);
  co_return tools->domain_dns->aliases(query);
}

}  // namespace stead::doctor
