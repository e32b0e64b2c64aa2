#include "proxy/doctor/gather/configuration.h"

#include <algorithm>
#include <string>

#include "proxy/check_configuration.h"
#include "proxy/sessions/session_keys.h"

namespace stead::doctor {
namespace {

using Complaint = ConfigurationFacts::Complaint;

NamedFile kind_of(const proxy::Config& config, const std::string& path) {
  if (path.empty()) return NamedFile::other;
  if (path == config.key) return NamedFile::key;
  if (path == config.certificate) return NamedFile::certificate;
  if (path == config.certificate_ca) return NamedFile::client_ca;
  if (path == config.session_key_file) return NamedFile::session_key;
  const auto& lists = config.certificate_crls;
  return std::find(lists.begin(), lists.end(), path) != lists.end() ? NamedFile::revocation_list : NamedFile::other;
}

Complaint complaint_of(const proxy::Config& config, const Problem& problem) {
  return {problem.where, kind_of(config, problem.where), problem.message, problem.fix};
}

// "FILE: why".
Complaint complaint_of(const proxy::Config& config, const std::string& warning) {
  const auto colon = warning.find(": ");
  if (colon == std::string::npos) return {{}, NamedFile::other, warning, {}};
  const std::string path = warning.substr(0, colon);
  return {path, kind_of(config, path), warning.substr(colon + 2), {}};
}

bool is_about_keytab(const proxy::Config& config, const Problem& problem) {
  return to_string(problem).find(config.client.keytab) != std::string::npos;
}

}  // namespace

ConfigurationFacts check_files(const proxy::Config& config) {
  ConfigurationFacts out;
  out.file = config.file;
  out.certificate = config.certificate;
  const auto checked = proxy::check_configuration(config);
  if (checked) {
    for (const std::string& warning : *checked) out.warnings.push_back(complaint_of(config, warning));
    return out;
  }
  if (!is_about_keytab(config, checked.error())) {
    out.refused = complaint_of(config, checked.error());
  } else if (const auto keys = proxy::SessionKeys::look_at(config.session_key_file); !keys) {
    out.refused = complaint_of(config, keys.error());
  }
  return out;
}

}  // namespace stead::doctor
