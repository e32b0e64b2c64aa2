#include "proxy/doctor/gather/configuration.h"

#include <algorithm>
#include <optional>
#include <string>

#include "proxy/check_configuration.h"
#include "proxy/sessions/session_keys.h"

namespace stead::doctor {
namespace {

using Complaint = ConfigurationFacts::Complaint;

struct Named {
  std::string path;
  NamedFile kind = NamedFile::other;
  std::string certificate{};  // that stands beside a key
};

// Messages about a certificate of the proxy's own have its place in front, and name the file.
std::optional<Named> own_certificate(const proxy::TlsSettings& tls, const std::string& message) {
  for (const proxy::CertificateFiles& files : tls.certificates) {
    if (message.find(files.key) != std::string::npos) return Named{files.key, NamedFile::key, files.certificate};
    if (message.find(files.certificate) != std::string::npos) return Named{files.certificate, NamedFile::certificate};
  }
  return std::nullopt;
}

// `where`: a file, or a place in the configuration.
Named named_file(const proxy::Config& config, const std::string& where, const std::string& message) {
  if (auto own = own_certificate(config.tls, message)) return *own;
  for (const proxy::ListenerTls& listener : config.listener_tls)
    if (auto own = own_certificate(listener.settings, message)) return *own;
  Named out{.path = where};
  const auto& lists = config.certificate_crls;
  if (!where.empty() && where == config.certificate_ca) out.kind = NamedFile::client_ca;
  if (!where.empty() && where == config.session_key_file) out.kind = NamedFile::session_key;
  if (std::find(lists.begin(), lists.end(), where) != lists.end()) out.kind = NamedFile::revocation_list;
  return out;
}

Complaint complaint_of(const proxy::Config& config, const Problem& problem, std::string& certificate) {
  const Named named = named_file(config, problem.where, problem.message);
  if (!named.certificate.empty()) certificate = named.certificate;
  return {named.path, named.kind, problem.message, problem.fix};
}

// "FILE: why", or "FILE:LINE:COLUMN: why".
Complaint complaint_of(const proxy::Config& config, const std::string& warning) {
  const auto colon = warning.find(": ");
  if (colon == std::string::npos) return {{}, NamedFile::other, warning, {}};
  const std::string message = warning.substr(colon + 2);
  const Named named = named_file(config, warning.substr(0, colon), message);
  return {named.path, named.kind, message, {}};
}

bool is_about_keytab(const proxy::Config& config, const Problem& problem) {
  return to_string(problem).find(config.client.keytab) != std::string::npos;
}

}  // namespace

ConfigurationFacts check_files(const proxy::Config& config) {
  ConfigurationFacts out;
  out.file = config.file;
  if (!config.tls.certificates.empty()) out.certificate = config.tls.certificates.front().certificate;
  const auto checked = proxy::check_configuration(config);
  if (checked) {
    for (const std::string& warning : *checked) out.warnings.push_back(complaint_of(config, warning));
    return out;
  }
  if (!is_about_keytab(config, checked.error())) {
    out.refused = complaint_of(config, checked.error(), out.certificate);
  } else if (const auto keys = proxy::SessionKeys::look_at(config.session_key_file); !keys) {
    out.refused = complaint_of(config, keys.error(), out.certificate);
  }
  return out;
}

}  // namespace stead::doctor
