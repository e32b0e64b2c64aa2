#include "proxy/config/credentials.h"

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

namespace stead::proxy {

void use_credentials(Config& config) {
  const char* const named = std::getenv("CREDENTIALS_DIRECTORY");
  if (named == nullptr || *named == '\0') return;
  const std::filesystem::path copies(named), beside = std::filesystem::path(config.file).parent_path();
  const auto use = [&](std::string& path) {
    const std::filesystem::path original(path);
    if (path.empty() || original.parent_path() != beside) return;
    std::error_code ignored;
    const auto copy = copies / original.filename();
    if (std::filesystem::is_regular_file(copy, ignored)) path = copy.string();
  };
  for (std::string* const path :
       {&config.client.keytab, &config.certificate_ca, &config.session_key_file, &config.ticket_key_file})
    use(*path);
  const auto use_all = [&](TlsSettings& settings) {
    for (CertificateFiles& files : settings.certificates)
      for (std::string* const path : {&files.certificate, &files.key, &files.ocsp}) use(*path);
  };
  use_all(config.tls);
  for (ListenerTls& listener : config.listener_tls) use_all(listener.settings);
  for (std::string& path : config.certificate_crls) use(path);
  for (Route& route : config.routes)
    for (std::string* const path :
         {&route.upstream_ca, &route.upstream_certificate.certificate, &route.upstream_certificate.key})
      use(*path);
}

}  // namespace stead::proxy
