#include "proxy/doctor/checks/configuration.h"

#include <string>
#include <utility>
#include <vector>

#include "sspi_shim/base/text.h"

namespace stead::doctor {
namespace {

using enum CheckId;
using Complaint = ConfigurationFacts::Complaint;

std::vector<std::string> fix_of(const Complaint& complaint, const std::string& certificate) {
  const std::string& path = complaint.path;
  switch (complaint.kind) {
    case NamedFile::key:
      return {"openssl x509 -noout -pubkey -in " + certificate, "openssl pkey -pubout -in " + path,
              "key = \"THE KEY OF " + certificate + "\""};
    case NamedFile::certificate:
    case NamedFile::client_ca:
      return {"openssl x509 -noout -text -in " + path, "cp NEW.crt " + path};
    case NamedFile::revocation_list:
      return {"openssl crl -noout -issuer -nextupdate -in " + path, "certutil -CRL",
              "cp LIST-FROM-THE-AUTHORITY.crl " + path};
    case NamedFile::session_key:
      return {
          "ls -l " + path,
          "# The proxy makes a new key at its next start: every user signs in again, and other replicas need the new "
          "file.",
          "rm " + path};
    case NamedFile::other:
      break;
  }
  if (!complaint.advice.empty()) return {complaint.advice};
  return {path.empty() ? "stead-proxy --check" : "ls -l " + path};
}

Check judge(const Complaint& complaint, const ConfigurationFacts& all, std::string symptom) {
  return fault(C2, complaint.path, std::move(symptom),
               "stead-proxy --config " + all.file +
                   " --check: " + (complaint.path.empty() ? "" : complaint.path + ": ") + complaint.message,
               fix_of(complaint, all.certificate));
}

std::string sentence(std::string text) {
  if (!text.empty()) text.replace(0, 1, to_upper(text.substr(0, 1)));
  return text + ".";
}

// "LINE" of "FILE:LINE:COLUMN: message"; empty: there is none.
std::string line_in(const std::string& text, const std::string& file) {
  if (!text.starts_with(file + ":")) return {};
  const std::string rest = text.substr(file.size() + 1);
  return rest.substr(0, rest.find(':'));
}

}  // namespace

Checks judge_configuration(const ConfigurationFacts& configuration) {
  Checks out{ok(C1, configuration.file, "the proxy reads it")};
  if (configuration.refused)
    out.push_back(judge(*configuration.refused, configuration,
                        "The proxy does not start: " + configuration.refused->message + "."));
  for (const Complaint& warning : configuration.warnings) {
    // F5 tells of the certificate.
    if (warning.kind != NamedFile::certificate) out.push_back(judge(warning, configuration, sentence(warning.message)));
  }
  if (out.size() == 1) out.push_back(ok(C2, "", "stead-proxy --check accepts them"));
  return out;
}

Report report_of_refused_file(const std::string& file, const Problem& problem) {
  const std::string text = to_string(problem);
  const std::string line = line_in(text, file);
  std::vector<std::string> fix;
  if (!line.empty()) fix.push_back("sed -n " + line + "p " + file);
  if (text.find("is not a loopback address: plain HTTP") != std::string::npos) {
    fix.insert(fix.end(), {"certificate = \"front.crt\"", "key = \"front.key\""});
  } else {
    fix.push_back("stead-proxy --config " + file + " --check");
  }
  Report out;
  out.add({fault(C1, file, "The proxy does not start with this file.", text, std::move(fix))});
  return out;
}

}  // namespace stead::doctor
