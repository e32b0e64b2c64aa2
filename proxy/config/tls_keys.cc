#include "proxy/config/tls_keys.h"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "proxy/config/values/values.h"

namespace stead::proxy {
namespace {

// certificate, key and ocsp. Nothing is added to `out` if the table has none of them.
void read_files(TomlTable& table, FileErrors& errors, std::vector<CertificateFiles>& out) {
  CertificateFiles files;
  read_path(table, "certificate", errors, files.certificate);
  read_path(table, "key", errors, files.key);
  read_path(table, "ocsp", errors, files.ocsp);
  if (files.certificate.empty() != files.key.empty())
    table.error(files.key.empty() ? "certificate" : "key", "certificate and key go together");
  else if (files.certificate.empty() && !files.ocsp.empty())
    table.error("ocsp", "ocsp has no meaning without certificate and key");
  if (files.certificate.empty()) return;
  files.where = errors.name_of(table.at("certificate"));
  out.push_back(std::move(files));
}

void read_certificates(TomlTable& table, FileErrors& errors, std::vector<CertificateFiles>& out) {
  for (const toml::table* const values : table.tables("certificates")) {
    TomlTable one(*values, "certificates", errors);
    const std::size_t before = out.size();
    read_files(one, errors, out);
    if (out.size() == before && errors.none())
      one.error("certificate", "needs certificate and key: { certificate = \"a.crt\", key = \"a.key\" }");
    one.finish();
  }
}

void read_policy(TomlTable& table, TlsPolicy& out) {
  std::string text;
  if (!table.text("tls", text)) return;
  if (text == "modern")
    out = TlsPolicy::modern;
  else if (text == "intermediate")
    out = TlsPolicy::intermediate;
  else
    table.error("tls", "tls: \"" + text + "\" is neither modern nor intermediate");
}

constexpr std::chrono::hours kYear{365 * 24};

// "365d", or { max_age = "730d", subdomains = true, preload = true }.
void read_hsts(TomlTable& server, FileErrors& errors, std::string& out) {
  const toml::node* const node = server.find("hsts");
  if (node == nullptr) return;
  std::chrono::seconds age{};
  if (!node->is_table()) {
    if (server.duration("hsts", age)) out = "max-age=" + std::to_string(age.count());
    return;
  }
  TomlTable table(*node->as_table(), "hsts", errors);
  bool subdomains = false, preload = false;
  if (!table.duration("max_age", age) && errors.none()) table.error("max_age", "needs max_age, as \"365d\"");
  table.boolean("subdomains", subdomains);
  table.boolean("preload", preload);
  if (preload && (!subdomains || age < kYear))
    table.error("preload", "preload: browsers' lists take names with subdomains = true and max_age = \"365d\" or more");
  table.finish();
  out = "max-age=" + std::to_string(age.count()) + (subdomains ? "; includeSubDomains" : "") +
        (preload ? "; preload" : "");
}

}  // namespace

void read_tls_settings(TomlTable& table, FileErrors& errors, TlsSettings& out) {
  std::vector<CertificateFiles> certificates;
  read_files(table, errors, certificates);
  read_certificates(table, errors, certificates);
  if (!certificates.empty()) out.certificates = std::move(certificates);
  read_policy(table, out.policy);
}

void read_tls_keys(TomlTable& server, FileErrors& errors, Config& out) {
  read_path(server, "ticket_key_file", errors, out.ticket_key_file);
  if (!out.ticket_key_file.empty()) out.ticket_key_where = errors.name_of(server.at("ticket_key_file"));
  read_hsts(server, errors, out.hsts);
  if (out.has_tls()) return;
  for (const std::string_view key : {"tls", "ticket_key_file", "hsts"})
    if (server.has(key)) server.error(key, std::string(key) + " has no meaning without a certificate");
}

}  // namespace stead::proxy
