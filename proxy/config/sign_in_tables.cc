#include "proxy/config/sign_in_tables.h"

#include <string>
#include <utility>
#include <vector>

#include "proxy/config/values.h"

namespace stead::proxy {
namespace {

void read_kerberos(const toml::table& table, FileErrors& errors, Config& out) {
  out.kerberos = true;
  TomlTable kerberos(table, "[sign_in.kerberos]", errors);
  std::string bindings = "allow";
  kerberos.text("channel_bindings", bindings);
  if (bindings == "allow")
    out.channel_bindings = BindingsPolicy::allow;
  else if (bindings == "require")
    out.channel_bindings = BindingsPolicy::require;
  else if (bindings == "ignore")
    out.channel_bindings = BindingsPolicy::ignore;
  else
    kerberos.error("channel_bindings", "channel_bindings must be \"ignore\", \"allow\" or \"require\"");
  kerberos.finish();
}

void read_forms(const toml::table& table, FileErrors& errors, Config& out) {
  out.forms = true;
  TomlTable forms(table, "[sign_in.forms]", errors);
  forms.text("realm", out.forms_realm);
  forms.finish();
}

// One file, or a list of files.
void read_revocation_lists(TomlTable& certificate, const FileErrors& errors, std::vector<std::string>& out) {
  const toml::node* const node = certificate.find("crl");
  if (node == nullptr) return;
  if (node->is_array()) {
    for (const auto& [text, item] : certificate.texts("crl")) out.push_back(beside_file(errors.file(), text));
    return;
  }
  std::string file;
  read_path(certificate, "crl", errors, file);
  if (!file.empty()) out.push_back(std::move(file));
}

void read_certificate(const toml::table& table, FileErrors& errors, Config& out) {
  out.certificate_sign_in = true;
  TomlTable certificate(table, "[sign_in.certificate]", errors);
  read_path(certificate, "ca", errors, out.certificate_ca);
  read_revocation_lists(certificate, errors, out.certificate_crls);
  if (out.certificate_ca.empty()) certificate.error("ca", "needs ca, the CA of users' certificates");
  if (out.certificate.empty()) certificate.error("ca", "works over TLS only: [server] needs certificate and key");
  certificate.finish();
}

}  // namespace

void read_sign_in_tables(const toml::table& table, FileErrors& errors, Config& out) {
  TomlTable sign_in(table, "[sign_in]", errors);
  if (const toml::table* const kerberos = sign_in.table("kerberos")) read_kerberos(*kerberos, errors, out);
  if (const toml::table* const forms = sign_in.table("forms")) read_forms(*forms, errors, out);
  if (const toml::table* const certificate = sign_in.table("certificate")) read_certificate(*certificate, errors, out);
  sign_in.finish();
}

void read_session_table(const toml::table& table, FileErrors& errors, Config& out) {
  TomlTable session(table, "[session]", errors);
  read_path(session, "key_file", errors, out.session_key_file);
  read_duration(session, "lifetime", errors, out.session_lifetime);
  read_duration(session, "idle", errors, out.session_idle);
  session.finish();
}

}  // namespace stead::proxy
