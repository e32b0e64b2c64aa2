#include "proxy/config/sign_in_tables.h"

#include <string>
#include <utility>
#include <vector>

#include "proxy/http/target.h"
#include "sspi_shim/base/text.h"

#include "proxy/config/values/values.h"

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
  for (const auto& [text, at] : kerberos.texts("aliases")) {
    const std::string name = host_name_of(text);
    if (name.empty() || text.find_first_of("/ \t@:") != std::string::npos)
      errors.add(at, "aliases: \"" + text + "\" is not a host name");
    else
      out.kerberos_aliases.push_back(name);
  }
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

// Whether revoked certificates are refused is said in the file, in one way or the other.
void read_revocation(TomlTable& certificate, const FileErrors& errors, Config& out) {
  read_revocation_lists(certificate, errors, out.certificate_crls);
  std::string revocation;
  const bool said = certificate.text("revocation", revocation);
  if (said && revocation != "crl" && revocation != "none")
    certificate.error("revocation", "revocation must be \"crl\" or \"none\"; OCSP is not supported");
  else if (revocation == "none" && certificate.has("crl"))
    certificate.error("revocation", "revocation = \"none\" checks no list, and crl names some: write one of them");
  else if (revocation != "none" && out.certificate_crls.empty() && errors.none())
    certificate.error(certificate.has("crl") ? "crl" : "revocation",
                      "needs crl, the revocation lists of the CA; or revocation = \"none\", with which revoked "
                      "certificates sign in");
}

void read_mapping(TomlTable& certificate, FileErrors& errors, Config& out) {
  std::string mapping = "strong";
  certificate.text("mapping", mapping);
  if (mapping == "upn")
    out.certificate_mapping = CertificateMapping::upn;
  else if (mapping != "strong")
    certificate.error("mapping", "mapping must be \"strong\" or \"upn\"");
  for (const auto& [text, at] : certificate.texts("upn_realms")) {
    if (text.empty() || text.find_first_of("*@/\\ \t") != std::string::npos)
      errors.add(at, "upn_realms: \"" + text + "\" is not a realm");
    else
      out.certificate_upn_realms.push_back(to_upper(text));
  }
  const bool by_upn = out.certificate_mapping == CertificateMapping::upn;
  if (by_upn && out.certificate_upn_realms.empty() && errors.none())
    certificate.error("mapping",
                      "mapping = \"upn\" needs upn_realms, the realms whose users the CA may name: [\"EXAMPLE.COM\"]");
  else if (!by_upn && certificate.has("upn_realms"))
    certificate.error("upn_realms", "upn_realms has a meaning with mapping = \"upn\" only");
}

void read_certificate(const toml::table& table, FileErrors& errors, Config& out) {
  out.certificate_sign_in = true;
  TomlTable certificate(table, "[sign_in.certificate]", errors);
  read_path(certificate, "ca", errors, out.certificate_ca);
  if (out.certificate_ca.empty()) certificate.error("ca", "needs ca, the CA of users' certificates");
  if (!out.has_tls()) certificate.error("ca", "works over TLS only: [server] needs certificate and key");
  read_revocation(certificate, errors, out);
  read_mapping(certificate, errors, out);
  certificate.finish();
}

}  // namespace

void read_sign_in_tables(const toml::table& table, FileErrors& errors, Config& out) {
  TomlTable sign_in(table, "[sign_in]", errors);
  if (const toml::table* const kerberos = sign_in.table("kerberos")) read_kerberos(*kerberos, errors, out);
  if (const toml::table* const forms = sign_in.table("forms")) read_forms(*forms, errors, out);
  if (const toml::table* const certificate = sign_in.table("certificate")) read_certificate(*certificate, errors, out);
  read_access_list(sign_in, "deny_delegation_of", errors, out.groups, out.deny_delegation_of);
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
